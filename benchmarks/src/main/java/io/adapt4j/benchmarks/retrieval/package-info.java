/** Splitting, embedding, indexing and searching documents. */
package io.adapt4j.benchmarks.retrieval;
