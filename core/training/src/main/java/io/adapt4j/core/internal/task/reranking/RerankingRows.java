package io.adapt4j.core.internal.task.reranking;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.internal.data.EncodingReport;
import io.adapt4j.core.internal.data.LabeledSample;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Pairs of query and document to train on. Only the location and length of pairs are kept; rows are
 * read and tokenized again for each batch.
 */
final class RerankingRows {

  private final Dataset dataset;
  private final RerankingEncoder encoder;
  private final EncodingReport report;
  private final List<Place> places;

  private RerankingRows(
      Dataset dataset, RerankingEncoder encoder, EncodingReport report, List<Place> places) {
    this.dataset = dataset;
    this.encoder = encoder;
    this.report = report;
    this.places = List.copyOf(places);
  }

  /** Location of a pair, with the id of its query and its length in tokens. */
  private record Place(int row, int pair, int query, int length) {}

  static RerankingRows of(Dataset dataset, RerankingEncoder encoder) {
    List<Place> places = new ArrayList<>();
    Map<String, Integer> queries = new HashMap<>();
    MessageDigest digest = FileDigest.sha256();
    int truncated = 0;
    long tokens = 0;
    for (int row = 0; row < dataset.size(); row++) {
      List<RerankingEncoder.Pair> pairs = RerankingEncoder.pairs(dataset, row);
      boolean cut = false;
      for (int i = 0; i < pairs.size(); i++) {
        int next = queries.size();
        Integer known = queries.putIfAbsent(pairs.get(i).query(), next);
        LabeledSample sample = encoder.encode(pairs.get(i));
        places.add(new Place(row, i, known == null ? next : known, sample.length()));
        cut |= sample.truncated();
        tokens += sample.length();
        digest(digest, sample, dataset.weight(row));
      }
      truncated += cut ? 1 : 0;
    }
    int longest = places.stream().mapToInt(Place::length).max().orElse(0);
    int rows = dataset.size();
    return new RerankingRows(
        dataset,
        encoder,
        EncodingReport.ofRows(rows, rows, truncated, tokens, places.size(), longest, digest),
        places);
  }

  private static void digest(MessageDigest digest, LabeledSample sample, double weight) {
    FileDigest.update(digest, sample.ids());
    ByteBuffer rest = ByteBuffer.allocate(Float.BYTES + Double.BYTES);
    digest.update(rest.putFloat(sample.values()[0]).putDouble(weight).array());
  }

  EncodingReport report() {
    return report;
  }

  int maxLength() {
    return encoder.maxLength();
  }

  /** Returns the length of each pair in tokens. */
  int[] lengths() {
    return places.stream().mapToInt(Place::length).toArray();
  }

  /** Returns the ids of the queries of some pairs, equal for equal queries. */
  int[] queries(int... pairs) {
    return Arrays.stream(pairs).map(pair -> places.get(pair).query()).toArray();
  }

  LabeledSample sample(int pair) {
    Place place = places.get(pair);
    return encoder.encode(RerankingEncoder.pairs(dataset, place.row()).get(place.pair()));
  }

  double weight(int pair) {
    return dataset.weight(places.get(pair).row());
  }
}
