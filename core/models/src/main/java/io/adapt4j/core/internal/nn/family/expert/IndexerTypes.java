package io.adapt4j.core.internal.nn.family.expert;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.nn.family.common.LatentHeads.Choosing;
import io.adapt4j.core.internal.nn.family.common.LlamaLike;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Reads which layers of GLM-5 have an indexer: {@code indexer_types}, or the fields from which
 * Transformers derives it.
 */
public final class IndexerTypes {

  private static final String TYPES = "indexer_types";
  private static final String PATTERN = "index_topk_pattern";
  private static final String FULL = "full";
  private static final String SHARED = "shared";

  private IndexerTypes() {}

  /** Reads what each layer chooses. */
  static List<Choosing> read(ConfigReader fields, int layers) {
    List<String> types = types(fields, layers);
    String field = fields.has(TYPES) ? TYPES : PATTERN;
    if (types.size() < layers || !Set.of(FULL, SHARED).containsAll(types)) {
      throw fields.invalid(field, layers + " entries, each full or shared", "Correct config.json.");
    }
    if (types.get(0).equals(SHARED)) {
      throw fields.invalid(
          field, "full for the first layer", "A shared layer needs an earlier one that is full.");
    }
    return IntStream.range(0, layers).mapToObj(layer -> choosing(types, layer, layers)).toList();
  }

  /** Returns whether each layer has an indexer. */
  public static List<Boolean> full(ConfigReader fields, int layers) {
    return read(fields, layers).stream().map(choosing -> choosing != Choosing.AS_BEFORE).toList();
  }

  private static Choosing choosing(List<String> types, int layer, int layers) {
    if (types.get(layer).equals(SHARED)) {
      return Choosing.AS_BEFORE;
    }
    return layer + 1 < layers && types.get(layer + 1).equals(SHARED)
        ? Choosing.FOR_LATER
        : Choosing.ALONE;
  }

  private static List<String> types(ConfigReader fields, int layers) {
    if (!fields.texts(TYPES).isEmpty()) {
      return fields.texts(TYPES);
    }
    if (fields.has(PATTERN)) {
      return fields.json().path(PATTERN).isArray()
          ? fields.texts(PATTERN)
          : fields.requireText(PATTERN).chars().mapToObj(IndexerTypes::type).toList();
    }
    int offset = fields.optionalInt("index_skip_topk_offset").orElse(2);
    int every = Math.max(fields.optionalInt("index_topk_freq").orElse(1), 1);
    return IntStream.range(0, layers)
        .mapToObj(layer -> Math.max(layer - offset + 1, 0) % every == 0 ? FULL : SHARED)
        .toList();
  }

  private static String type(int letter) {
    return letter == 'F' ? FULL : letter == 'S' ? SHARED : Character.toString(letter);
  }

  /** Ignores stored indexers of layers that share another's choice. */
  static void leaveOutUnused(LlamaLike like, List<Choosing> choosing) {
    String layers =
        IntStream.range(0, choosing.size())
            .filter(layer -> choosing.get(layer) == Choosing.AS_BEFORE)
            .mapToObj(Integer::toString)
            .collect(Collectors.joining("|"));
    if (!layers.isEmpty()) {
      String indexers = "layers\\.(" + layers + ")\\.self_attn\\.indexer\\..*";
      like.unused("(model\\.)?" + indexers, indexers);
    }
  }
}
