package io.adapt4j.rag.retrieve;

import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.spi.Fusion;
import io.adapt4j.rag.spi.Hit;
import io.adapt4j.rag.spi.SearchIndex;
import io.adapt4j.rag.spi.SearchQuery;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The passages nearest to questions. */
record BestCosines(List<Double> cosines, List<Chunk> chunks) {

  static BestCosines of(SearchIndex index, List<float[]> questions) {
    List<Hit> best = new ArrayList<>();
    for (float[] question : questions) {
      SearchQuery query =
          new SearchQuery("", Optional.of(question), 1, Optional.empty(), Fusion.standard());
      best.addAll(index.search(query));
    }
    return new BestCosines(
        best.stream().map(Hit::score).toList(), best.stream().map(Hit::chunk).toList());
  }
}
