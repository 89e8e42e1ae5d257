package io.adapt4j.rag.retrieve;

import io.adapt4j.rag.internal.embed.Vectors;
import io.adapt4j.rag.retrieve.QueryExpansion.SearchText;
import io.adapt4j.rag.spi.Filter;
import io.adapt4j.rag.spi.Hit;
import io.adapt4j.rag.spi.SearchIndex;
import io.adapt4j.rag.spi.SearchQuery;
import io.adapt4j.rag.spi.TextEmbeddings;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Searches an index for one text or several. */
record Search(SearchIndex index, TextEmbeddings embeddings, RetrievalOptions options) {

  /** Constant of reciprocal rank fusion over several searches, as in its paper. */
  private static final double K = 60;

  List<Hit> run(List<SearchText> searches, Optional<Filter> filter, Similarities similarities) {
    Optional<Filter> both = and(options.filter(), filter);
    List<List<Hit>> lists =
        searches.stream().map(text -> index.search(query(text, both, similarities))).toList();
    return lists.size() == 1 ? lists.get(0) : fused(lists);
  }

  private static Optional<Filter> and(Optional<Filter> found, Optional<Filter> other) {
    if (found.isPresent() && other.isPresent()) {
      return Optional.of(new Filter.And(List.of(found.get(), other.get())));
    }
    return found.or(() -> other);
  }

  private SearchQuery query(SearchText text, Optional<Filter> filter, Similarities similarities) {
    SearchBy by = options.searchBy();
    return new SearchQuery(
        by == SearchBy.VECTOR ? "" : text.question(),
        by == SearchBy.WORDS ? Optional.empty() : Optional.of(vector(text, similarities)),
        options.candidates(),
        filter,
        options.fusion());
  }

  /** Returns the question's vector, averaged with those of hypothetical passages. */
  private float[] vector(SearchText text, Similarities similarities) {
    float[] vector = similarities.query(text.question());
    if (text.hypothetical().isEmpty()) {
      return vector;
    }
    float[] sum = vector.clone();
    for (float[] passage : embeddings.passages(text.hypothetical())) {
      for (int i = 0; i < sum.length; i++) {
        sum[i] += passage[i];
      }
    }
    return Vectors.normalize(sum);
  }

  private List<Hit> fused(List<List<Hit>> lists) {
    Map<String, Hit> byId = new LinkedHashMap<>();
    for (List<Hit> hits : lists) {
      for (int rank = 0; rank < hits.size(); rank++) {
        Hit hit = hits.get(rank).withScore(1 / (K + rank + 1));
        byId.merge(hit.chunk().id(), hit, (a, b) -> a.withScore(a.score() + b.score()));
      }
    }
    List<Hit> all = new ArrayList<>(byId.values());
    all.sort(Comparator.comparingDouble(Hit::score).reversed());
    return List.copyOf(all.subList(0, Math.min(all.size(), options.candidates())));
  }
}
