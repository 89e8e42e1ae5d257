package io.adapt4j.rag.index;

import org.apache.lucene.search.SearcherManager;

/**
 * What an open index works with.
 *
 * @param writer changes it; null if it was opened for reading
 * @param searchers search what is there
 */
record LuceneState(LuceneWriter writer, SearcherManager searchers) {}
