// Answers with a model that `seqwright export --onnx` wrote; needs the package Microsoft.ML.OnnxRuntime alone.
//
//   var model = new Seqwright.Model("DIR");
//   string[] answers = model.Predict(new[] { "a source", "another" });
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Seqwright
{
    public sealed class Model : IDisposable
    {
        const long Pad = 0, Unknown = 1, End = 3;
        const string Feature = "feature ";              // precedes a feature's name in the vocabulary

        readonly InferenceSession session;
        readonly Side source, target;
        readonly Dictionary<string, long> ids = new Dictionary<string, long>();
        readonly Dictionary<string, string> lexicon = new Dictionary<string, string>();
        readonly int window;
        readonly bool emptyAnswersEmpty, dropUnknownFeatures, hasSpace;

        public Model(string directory)
        {
            session = new InferenceSession(Path.Combine(directory, "search.onnx"));
            using (var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(directory, "model.json"))))
            {
                var rules = document.RootElement;
                source = new Side(rules.GetProperty("source"));
                target = new Side(rules.GetProperty("target"));
                window = rules.GetProperty("window").GetInt32();
                emptyAnswersEmpty = rules.GetProperty("empty_answers_empty").GetBoolean();
                dropUnknownFeatures = rules.GetProperty("drop_unknown_features").GetBoolean();
                for (int id = (int)End + 1; id < source.Symbols.Length; id++) ids[source.Symbols[id]] = id;
                hasSpace = target.Symbols.Skip((int)End + 1).Contains(" ");
                foreach (var entry in rules.GetProperty("lexicon").EnumerateArray())
                {
                    string key = Key(entry[0].GetString(), entry[1].GetString());
                    if (!lexicon.ContainsKey(key)) lexicon[key] = entry[2].GetString();
                }
            }
        }

        public void Dispose() => session.Dispose();

        /// <summary>Returns the best target of each source; features are such as "V;PST" for each source.</summary>
        public string[] Predict(IReadOnlyList<string> sources, IReadOnlyList<string> features = null, int beam = 5)
        {
            var answers = new string[sources.Count];
            for (int i = 0; i < answers.Length; i++) answers[i] = Answer(sources[i], features?[i] ?? "", beam);
            return answers;
        }

        string Answer(string text, string features, int beam)
        {
            if (lexicon.TryGetValue(Key(text, features), out string known)) return known;
            var names = FeatureSymbols(features)
                .Where(name => ids.ContainsKey(name) || name.Substring(Feature.Length).Trim() != "")
                .Select(name =>
                {
                    string bare = Feature + name.Substring(Feature.Length).Trim();
                    return !ids.ContainsKey(name) && ids.ContainsKey(bare) ? bare : name;
                })
                .Where(name => !dropUnknownFeatures || ids.ContainsKey(name));
            var before = names.Select(name => Id(name, Id(Feature, Unknown))).ToList();
            var tokens = source.Split(text);
            if (emptyAnswersEmpty && tokens.Count <= window && tokens.All(t => IsSpace(t) && !ids.ContainsKey(t)))
                return "";
            var answer = new List<string>();
            int first = 0;
            foreach (int end in Ends(tokens))
            {
                var some = tokens.GetRange(first, end - first);
                answer.AddRange(Search(before, some, beam));
                bool beforeSpace = end < tokens.Count && IsSpace(some[some.Count - 1]);
                if (beforeSpace && hasSpace && answer.LastOrDefault() != " ") answer.Add(" ");
                first = end;
            }
            return target.Join(answer);
        }

        /// <summary>Returns the tokens of the best target; all sources of one length can also share one run.</summary>
        List<string> Search(List<long> before, List<string> tokens, int beam)
        {
            long[] input = before.Concat(tokens.Select(token => Id(token, Unknown))).Append(End).ToArray();
            var inputs = new List<NamedOnnxValue>
            {
                NamedOnnxValue.CreateFromTensor("source", new DenseTensor<long>(input, new[] { 1, input.Length })),
                NamedOnnxValue.CreateFromTensor("beam", new DenseTensor<long>(new long[] { beam }, new[] { 1 })),
            };
            using (var outputs = session.Run(inputs))
            {
                var found = outputs.ToDictionary(output => output.Name);
                var answer = found["ids"].AsTensor<long>();
                long length = found["lengths"].AsTensor<long>()[0, 0] - 1;
                var attention = found.ContainsKey("attention") ? found["attention"].AsTensor<float>() : null;
                var columns = Enumerable.Range(0, tokens.Count).Where(i => !ids.ContainsKey(tokens[i])).ToList();
                var result = new List<string>();
                for (int t = 0; t < length; t++)
                {
                    long id = answer[0, 0, t];
                    if (id != Unknown || attention == null || columns.Count == 0)
                    {
                        result.Add(target.Symbols[id]);
                        continue;
                    }
                    int best = columns[0];              // an unknown symbol is copied from the greatest weight
                    foreach (int i in columns)
                        if (attention[0, 0, t, before.Count + i] > attention[0, 0, t, before.Count + best]) best = i;
                    result.Add(tokens[best]);
                }
                return result;
            }
        }

        /// <summary>Returns the end of each window: after the last space of its second half, if there is one.</summary>
        IEnumerable<int> Ends(List<string> tokens)
        {
            int first = 0;
            while (tokens.Count - first > window)
            {
                int end = first + window;
                while (end > first + window / 2 && !IsSpace(tokens[end - 1])) end--;
                first = end > first + window / 2 ? end : first + window;
                yield return first;
            }
            yield return tokens.Count;
        }

        long Id(string symbol, long otherwise) => ids.TryGetValue(symbol, out long id) ? id : otherwise;

        string Key(string text, string features) =>
            string.Join("\n", new[] { source.Normalized(text) }.Concat(FeatureSymbols(features)));

        static IEnumerable<string> FeatureSymbols(string features) =>
            features.Normalize(NormalizationForm.FormC).Split(';').Where(name => name != "").Select(name => Feature + name);

        static bool IsSpace(string token) => token != "" && token.All(char.IsWhiteSpace);

        sealed class Side
        {
            public readonly string[] Symbols;
            readonly string tokens, form;
            readonly Dictionary<string, double> scores = new Dictionary<string, double>();
            readonly double unknown;
            readonly int longest;

            public Side(JsonElement rules)
            {
                tokens = rules.GetProperty("tokens").GetString();
                form = rules.GetProperty("unicode_form").GetString();
                Symbols = rules.GetProperty("symbols").EnumerateArray().Select(one => one.GetString()).ToArray();
                if (tokens != "subwords") return;
                foreach (var piece in rules.GetProperty("pieces").EnumerateArray())
                    scores[piece[0].GetString()] = piece[1].GetDouble();
                unknown = scores.Values.Min() - 10;
                longest = scores.Keys.Max(piece => Characters(piece).Count);
            }

            public string Normalized(string text) => form == "none" ? text : text.Normalize(
                form == "NFC" ? NormalizationForm.FormC : form == "NFD" ? NormalizationForm.FormD
                : form == "NFKC" ? NormalizationForm.FormKC : NormalizationForm.FormKD);

            public List<string> Split(string text)
            {
                text = Normalized(text);
                if (tokens == "words") return text.Split(' ').Where(word => word != "").ToList();
                if (tokens == "subwords") return Pieces(text);
                return tokens == "graphemes" ? Graphemes(text) : Characters(text);
            }

            public string Join(IEnumerable<string> found)
            {
                string text = string.Join(tokens == "words" ? " " : "", found);
                if (tokens == "subwords")
                {
                    text = text.Replace('\u2581', ' ');
                    if (text.StartsWith(" ", StringComparison.Ordinal)) text = text.Substring(1);
                }
                return form == "none" ? text : text.Normalize(NormalizationForm.FormC);
            }

            /// <summary>Returns the most likely pieces (Viterbi); neighbouring unknown characters are one piece.</summary>
            List<string> Pieces(string text)
            {
                var found = new List<string>();
                if (text == "") return found;
                var c = Characters("\u2581" + text.Replace(' ', '\u2581'));
                var score = Enumerable.Repeat(double.NegativeInfinity, c.Count + 1).ToArray();
                var from = new int[c.Count + 1];
                var isKnown = new bool[c.Count + 1];
                score[0] = 0;
                for (int start = 0; start < c.Count; start++)
                    for (int end = start + 1; end <= Math.Min(c.Count, start + longest); end++)
                    {
                        bool known = scores.TryGetValue(string.Concat(c.GetRange(start, end - start)), out double own);
                        if (!known && end > start + 1) continue;
                        double total = score[start] + (known ? own : unknown);
                        if (total <= score[end]) continue;
                        score[end] = total; from[end] = start; isKnown[end] = known;
                    }
                bool lastKnown = true;
                for (int end = c.Count; end > 0; lastKnown = isKnown[end], end = from[end])
                {
                    string piece = string.Concat(c.GetRange(from[end], end - from[end]));
                    if (found.Count > 0 && !isKnown[end] && !lastKnown) found[0] = piece + found[0];
                    else found.Insert(0, piece);
                }
                return found;
            }

            static List<string> Characters(string text)
            {
                var found = new List<string>();
                for (int i = 0; i < text.Length; i += found[found.Count - 1].Length)
                    found.Add(text.Substring(i, char.IsSurrogatePair(text, i) ? 2 : 1));
                return found;
            }

            static List<string> Graphemes(string text)
            {
                var found = new List<string>();
                var each = System.Globalization.StringInfo.GetTextElementEnumerator(text);
                while (each.MoveNext()) found.Add((string)each.Current);
                return found;
            }
        }
    }
}
