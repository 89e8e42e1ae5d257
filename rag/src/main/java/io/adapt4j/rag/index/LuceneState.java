package io.adapt4j.rag.index;

import org.apache.lucene.search.SearcherManager;
import org.jspecify.annotations.Nullable;

/**
 * Resources of an open index.
 *
 * @param writer the writer; null if it was opened read-only
 */
record LuceneState(@Nullable LuceneWriter writer, SearcherManager searchers) {}
