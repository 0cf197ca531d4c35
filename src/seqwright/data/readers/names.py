"""What columns are called in headers and keys, in several languages, and whether a first line is a header."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from seqwright.data.readers import kinds

__all__ = ["header", "role_of"]

WORDS = {  # of a name, in the order of precedence
    "language": """
        english german french spanish italian korean japanese chinese russian turkish portuguese dutch greek
        hungarian vietnamese bulgarian arabic hindi polish czech swedish finnish danish norwegian hebrew
        esperanto latin ukrainian deutsch englisch französisch spanisch italienisch koreanisch japanisch
        chinesisch russisch türkisch niederländisch anglais français allemand espagnol italien coréen japonais
        chinois russe turc inglés francés alemán español coreano inglese francese tedesco spagnolo italiano
        русский английский 한국어 영어 日本語 英語 中文
    """,
    "ignored": """
        id ids idx index no nr num row line key count counts cnt freq freqs frequency frequencies n occurrences
        weight weights prob probs probability probabilities p logprob log_prob score scores confidence licence
        license licenses attribution author authors user username user_name contributor owner url link uri date
        created created_at timestamp time lang language locale iso_code language_code comment comments note
        notes remark remarks source_id häufigkeit anzahl gewicht lizenz bemerkung sprache fréquence effectif
        poids auteur langue frecuencia conteo peso licencia autor idioma frequenza conteggio licenza autore
        частота
    """,
    "features": """
        features feature feats feat tags tag msd morph morphology morphosyntax pos upos xpos unimorph merkmale
        traits rasgos tratti
    """,
    "target": """
        target tgt trg output out pronunciation pronunciations pron phonemes phoneme phones phone phonetic
        phonetics ipa api arpabet transcription transcriptions transliteration romanization translation form
        inflected inflection inflected_form normalized normalised normalization canonical iso correct corrected
        correction spoken answer response tgt_text target_text label aussprache lautschrift transkription ziel
        zieltext ausgabe flexionsform übersetzung prononciation phonèmes cible traduction forme sortie
        pronunciación fonemas destino traducción forma salida pronuncia fonemi traduzione pronúncia tradução
        uitspraak uttal произношение перевод форма транскрипция προφορά 발음 번역 목표 発音 読み 翻訳 发音 翻译 目标
    """,
    "source": """
        source src input in word words wordform orthography orthographic grapheme graphemes spelling headword
        lemma lemmas text original noisy raw misspelling misspelled term entry written query question sentence
        src_text source_text written_form written_date wort wörter schreibung grundform quelle quelltext eingabe
        mot mots graphie orthographe lemme entrée palabra palabras ortografía lema fuente origen entrada parola
        parole grafia ortografia palavra fonte woord ord slovo слово слова лемма источник λέξη
        단어 원문 낱말 철자 単語 語
        原文 单词 词 源
    """,
}
ROLES = {word: role for role, words in WORDS.items() for word in words.split()}
PLACES = ("source", "target", "features")
N_ROWS = 5  # fewer say nothing about a first line but what it is called
SENTENCE_END = ".!?。！？…\"'»”"


def role_of(name: str) -> str:
    """Return source, target, features, ignored or language for a name that is known, else ""."""
    if not re.fullmatch(r"[\w\s()\[\].:/-]+", name):
        return ""
    _, dot, inner = name.rpartition(".")
    if dot and (role := role_of(inner)):  # translation.en
        return role
    plain = re.sub(r"[\W]+", "_", unicodedata.normalize("NFC", name).strip().casefold()).strip("_")
    if plain in ROLES:
        return ROLES[plain]
    if re.split("[_]", plain)[0] in kinds.LANGUAGES and kinds.LANGUAGE.fullmatch(plain):
        return "language"
    parts = plain.split("_")
    if len(parts) > 1 and parts[-1] in kinds.LANGUAGES:  # text_en
        return "language"
    for part in parts:  # target_pronunciation, "IPA (US)"
        if part in ROLES and len(part) > 2:
            return ROLES[part]
    return ""


def header(first: Sequence[str], rows: Sequence[Sequence[str]]) -> bool | None:
    """Return whether a first line holds names; None where the data does not decide.

    rows: some that follow, with as many cells.
    """
    cells = [cell.strip() for cell in first]
    named = [cell for cell in cells if cell]
    if len(named) < 2 or not all(map(_may_be_name, named)) or len(set(named)) < len(named):
        return False
    if any([cell.strip() for cell in row] == cells for row in rows):
        return False
    if any(_is_value(cell, [row[i].strip() for row in rows]) for i, cell in enumerate(cells)):
        return False
    roles = [role_of(cell) for cell in named]
    n_known = sum(map(bool, roles))
    languages = roles.count("language")
    codes = languages >= 2 and all(len(cell) <= 3 for cell in named)
    if codes and all(" " not in value for row in rows for value in row) and len(rows) >= N_ROWS:
        languages = 0  # `it` and `es` are words, too
    pair = ("source" in roles and "target" in roles) or languages >= 2
    # Language codes and short names (`vie`, `in`, `n`) are words, too.
    sure = any(role in PLACES and len(cell) > 2 for role, cell in zip(roles, named, strict=True))
    if pair or (sure and n_known >= 2 and n_known == len(named) and len(set(roles)) > 1):
        return True
    if len(rows) < N_ROWS:
        return False
    unlike = [_unlike(cell, [row[i] for row in rows]) for i, cell in enumerate(cells)]
    if any(unlike) and sure:
        return True
    if any(unlike) or codes or n_known == len(named):
        return None  # it may be a pair, which is never dropped without an option
    return None if _unlike_sentences(named, rows) or n_known >= 2 else False


def _is_value(cell: str, values: Sequence[str]) -> bool:
    """Return whether a cell is surely a value of its column: a recurring one such as a tag, or known symbols."""
    if cell in values:
        return kinds.kind_of(values) in ("tags", "labels", "constant", "language codes")
    if " " not in cell or not kinds.spaced_symbols(values):
        return False
    known = {symbol for value in values for symbol in value.split()}
    return 2 * sum(symbol in known for symbol in cell.split()) > len(cell.split())


def _may_be_name(cell: str) -> bool:
    short = len(cell) <= 40 and len(cell.split()) <= 4
    return short and cell[-1] not in ".!?;," and not kinds.is_number(cell) and any(c.isalpha() for c in cell)


def _unlike(cell: str, values: Sequence[str]) -> bool:
    """Return whether a cell cannot be one of a column's values: it is a word, and they are numbers, symbols or tags."""
    filled = [value for value in values if value.strip()]
    if not cell or not filled:
        return False
    kind = kinds.kind_of(filled)
    if kind in ("counts", "probabilities", "weights", "dates", "identifiers", "links"):
        return not any(c.isdigit() for c in cell)
    if kind == "tags":
        parts = {part for value in filled for part in kinds.TAG_PARTS.split(value)}
        return cell.casefold() == cell and not parts & set(kinds.TAG_PARTS.split(cell))
    if kinds.spaced_symbols(filled):
        symbols = {symbol for value in filled for symbol in value.split()}
        longest = max(map(len, symbols))
        return all(len(part) >= 4 and part not in symbols for part in cell.split()) and len(cell) > longest
    known = {c for value in filled for c in value.casefold()}
    letters = [c for c in cell.casefold() if c.isalpha()]
    unseen = sum(c not in known for c in letters)
    return len(filled) >= 2 * N_ROWS and 2 * unseen > len(letters) >= 2


def _unlike_sentences(named: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Return whether the rows are sentences with an end, and the first line is words without."""
    texts = [row[i].strip() for row in rows for i in range(min(2, len(row)))]
    ended = sum(text[-1:] in SENTENCE_END and " " in text for text in texts)
    return len(rows) >= 4 * N_ROWS and ended >= 0.9 * len(texts) and all(" " not in cell for cell in named)
