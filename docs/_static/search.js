// Opened as a file, a page may not read the other pages, from which the excerpts of search results are taken.
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
