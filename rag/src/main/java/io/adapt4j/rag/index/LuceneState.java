package io.adapt4j.rag.index;

import org.apache.lucene.search.SearcherManager;
import org.jspecify.annotations.Nullable;

/**
 * What an open index works with.
 *
 * @param writer changes it; null if it was opened for reading
 * @param searchers search what is there
 */
record LuceneState(@Nullable LuceneWriter writer, SearcherManager searchers) {}
