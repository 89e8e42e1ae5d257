package io.adapt4j.rag.spi;

import java.util.Optional;

/**
 * What to look for.
 *
 * @param text words to look for; empty to search by vector only
 * @param vector the question's vector; empty to search by words only. It belongs to the query
 * @param limit the most hits
 * @param filter what documents must be like
 * @param fusion how hits by words and by vector are joined where both are given
 */
public record SearchQuery(
    String text, Optional<float[]> vector, int limit, Optional<Filter> filter, Fusion fusion) {}
