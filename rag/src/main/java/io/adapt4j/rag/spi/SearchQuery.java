package io.adapt4j.rag.spi;

import java.util.Optional;

/**
 * A query of an index.
 *
 * @param text words to search for; empty to search by vector only
 * @param vector the question's vector; empty to search by words only. It is owned by the query
 * @param limit maximum number of hits
 * @param filter condition on documents
 * @param fusion fusion of keyword and vector hits if both are given
 */
public record SearchQuery(
    String text, Optional<float[]> vector, int limit, Optional<Filter> filter, Fusion fusion) {}
