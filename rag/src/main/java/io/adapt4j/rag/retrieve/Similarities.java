package io.adapt4j.rag.retrieve;

import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.internal.embed.Vectors;
import io.adapt4j.rag.spi.Hit;
import io.adapt4j.rag.spi.SearchIndex;
import io.adapt4j.rag.spi.TextEmbeddings;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Cosine similarities between a question and chunks. The question is embedded once; the chunks'
 * vectors come from the index and are computed only if it stores none.
 */
final class Similarities {

  private final SearchIndex index;
  private final TextEmbeddings embeddings;
  private final String question;
  private final Map<String, float[]> questions = new HashMap<>();
  private final Map<String, float[]> vectors = new HashMap<>();

  Similarities(SearchIndex index, TextEmbeddings embeddings, String question) {
    this.index = index;
    this.embeddings = embeddings;
    this.question = question;
  }

  /** Creates similarities to a question whose vector is known. */
  Similarities(SearchIndex index, TextEmbeddings embeddings, String question, float[] vector) {
    this(index, embeddings, question);
    questions.put(question, vector);
  }

  /** Returns the vector of the question or of a paraphrase. */
  float[] query(String text) {
    return questions.computeIfAbsent(text, embeddings::query);
  }

  /** Returns the largest cosine plus bonus of hits whose vectors are stored; empty if none are. */
  OptionalDouble best(List<Hit> hits, ToDoubleFunction<Hit> bonus) {
    return withVectors(hits).mapToDouble(hit -> toQuestion(hit) + bonus.applyAsDouble(hit)).max();
  }

  /**
   * Returns the hit with the largest cosine among those whose vectors are stored; empty if none
   * are.
   */
  Optional<Hit> nearest(List<Hit> hits) {
    return withVectors(hits).max(Comparator.comparingDouble(this::toQuestion));
  }

  private Stream<Hit> withVectors(List<Hit> hits) {
    lookUp(hits);
    return hits.stream().filter(hit -> find(hit) != null);
  }

  /** Returns the first hits with at least a given cosine, in their order. */
  List<Hit> atLeast(double least, int most, List<Hit> hits) {
    List<Hit> near = new ArrayList<>();
    for (int from = 0; from < hits.size() && near.size() < most; from += most) {
      List<Hit> some = hits.subList(from, Math.min(hits.size(), from + most));
      embed(some);
      some.stream().filter(hit -> toQuestion(hit) >= least).forEach(near::add);
    }
    return near;
  }

  /**
   * Reorders hits by maximal marginal relevance: the next one maximizes lambda sim(hit, question) -
   * (1 - lambda) max sim(hit, earlier hit).
   */
  List<Hit> diverse(double lambda, List<Hit> hits) {
    embed(hits);
    List<Hit> rest = new ArrayList<>(hits);
    List<Hit> chosen = new ArrayList<>();
    double[] nearest = new double[hits.size()];
    while (!rest.isEmpty()) {
      int best = 0;
      double bestValue = Double.NEGATIVE_INFINITY;
      for (int i = 0; i < rest.size(); i++) {
        double repeated = chosen.isEmpty() ? 0 : nearest[i];
        double value = lambda * toQuestion(rest.get(i)) - (1 - lambda) * repeated;
        if (value > bestValue) {
          best = i;
          bestValue = value;
        }
      }
      Hit next = rest.remove(best);
      System.arraycopy(nearest, best + 1, nearest, best, nearest.length - best - 1);
      for (int i = 0; i < rest.size(); i++) {
        double similarity = Vectors.product(vector(rest.get(i)), vector(next));
        nearest[i] = chosen.isEmpty() ? similarity : Math.max(nearest[i], similarity);
      }
      chosen.add(next);
    }
    return chosen;
  }

  private double toQuestion(Hit hit) {
    return Vectors.product(query(question), vector(hit));
  }

  private float @Nullable [] find(Hit hit) {
    return vectors.get(hit.chunk().id());
  }

  private float[] vector(Hit hit) {
    return Objects.requireNonNull(find(hit), "looked up before");
  }

  private void lookUp(List<Hit> hits) {
    List<Chunk> missing = hits.stream().filter(hit -> find(hit) == null).map(Hit::chunk).toList();
    if (!missing.isEmpty()) {
      vectors.putAll(index.vectors(missing));
    }
  }

  private void embed(List<Hit> hits) {
    lookUp(hits);
    List<Hit> missing = hits.stream().filter(hit -> find(hit) == null).toList();
    if (missing.isEmpty()) {
      return;
    }
    List<float[]> made =
        embeddings.passages(missing.stream().map(hit -> hit.chunk().searchText()).toList());
    for (int i = 0; i < missing.size(); i++) {
      vectors.put(missing.get(i).chunk().id(), made.get(i));
    }
  }
}
