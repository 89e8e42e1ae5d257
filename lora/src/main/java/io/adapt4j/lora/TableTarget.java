package io.adapt4j.lora;

import com.google.common.collect.ImmutableMap;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.lora.internal.peft.PeftNames;
import io.adapt4j.lora.internal.peft.VocabularyTables;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * An update of the token embedding or of the output head: low-rank matrices, or rows for some
 * tokens.
 *
 * @param rank rank of the matrices; 0 for rows of tokens
 */
record TableTarget(
    Kind kind,
    String path,
    String tensor,
    long rows,
    long width,
    int rank,
    double scale,
    List<Integer> tokens) {

  /** PEFT's kinds of layers for embedding tables. */
  enum Kind {
    EMBEDDING,
    LINEAR,
    TOKENS
  }

  private static final String TOKENS = ".token_adapter.trainable_tokens_delta";

  String a() {
    return kind == Kind.EMBEDDING ? PeftNames.base(path + ".lora_embedding_A") : PeftNames.a(path);
  }

  String b() {
    return kind == Kind.EMBEDDING ? PeftNames.base(path + ".lora_embedding_B") : PeftNames.b(path);
  }

  String delta() {
    return PeftNames.base(path + TOKENS);
  }

  /**
   * Returns the name of the unchanged weight, which PEFT stores along with matrices of embedding
   * and head.
   */
  String baseLayer() {
    return PeftNames.base(path + ".base_layer.weight");
  }

  /** Returns the trainable tensors with their dimensions. */
  Map<String, List<Long>> tensors() {
    return switch (kind) {
      case TOKENS -> Map.of(delta(), List.of((long) tokens.size(), width));
      case EMBEDDING ->
          ImmutableMap.of(a(), List.of((long) rank, rows), b(), List.of(width, (long) rank));
      case LINEAR ->
          ImmutableMap.of(a(), List.of((long) rank, width), b(), List.of(rows, (long) rank));
    };
  }

  long count() {
    return kind == Kind.TOKENS ? tokens.size() * width : rank * (rows + width);
  }

  /** Finds the tables that a configuration adapts. */
  static List<TableTarget> of(AdapterConfig config, Network network, SavedModules saved) {
    Map<String, String> tables = VocabularyTables.of(network);
    Map<String, List<Long>> known = saved.known();
    boolean all = config.modules().targets() instanceof Targets.AllLinear;
    boolean tied = network instanceof Decoder decoder && decoder.isStoredTied();
    List<TableTarget> targets = new ArrayList<>();
    boolean targeted = !all && tables.keySet().stream().anyMatch(config.modules()::matches);
    Map<String, List<Integer>> tokens = config.tokensOf(tables.keySet(), tied);
    tables.forEach(
        (path, tensor) -> {
          List<Long> shape = known.getOrDefault(tensor, List.of(0L, 0L));
          List<Integer> own = tokens.getOrDefault(path, List.of());
          boolean wanted =
              !all
                  && (config.modules().matches(path)
                      || (config.tiesEmbeddings() && tied && targeted));
          if (!own.isEmpty()) {
            targets.add(
                new TableTarget(Kind.TOKENS, path, tensor, shape.get(0), shape.get(1), 0, 1, own));
          } else if (wanted && !saved.tensors().contains(tensor)) {
            Kind kind =
                isEmbedding(network, tensor) && !config.modules().isWeight(path)
                    ? Kind.EMBEDDING
                    : Kind.LINEAR;
            targets.add(
                new TableTarget(
                    kind,
                    path,
                    tensor,
                    shape.get(0),
                    shape.get(1),
                    config.rankOf(path),
                    config.scaleOf(path),
                    List.of()));
          }
        });
    return List.copyOf(targets);
  }

  private static boolean isEmbedding(Network network, String tensor) {
    return network.embedding().slices().get(0).name().equals(tensor);
  }

  /** Returns the reason why tables cannot be adapted as configured. */
  static Optional<String> problem(AdapterConfig config, Network network, List<TableTarget> tables) {
    long rows = tables.stream().filter(table -> table.kind() == Kind.TOKENS).count();
    if (rows < config.tokens().size()) {
      return Optional.of(
          "trainable_token_indices names "
              + (config.tokens().containsKey("") ? "tokens" : config.tokens().keySet())
              + ", but this model has no such table whose rows an adapter can replace; merge the"
              + " adapter into its base with PEFT.");
    }
    if (rows > 0 && untieHead(network, tables)) {
      return Optional.of(
          "trainable_token_indices beside LoRA on a tied embedding or head is not supported; leave"
              + " out one of the two, or merge the adapter into its base with PEFT.");
    }
    Optional<TableTarget> matrices =
        tables.stream().filter(table -> table.kind() != Kind.TOKENS).findFirst();
    if (matrices.isPresent()
        && (config.dora() || config.biasOfB() || config.initial().leavesResidual())) {
      String what =
          config.dora()
              ? "DoRA"
              : config.biasOfB() ? "a bias of B" : config.initial().peftName() + " initial values";
      return Optional.of(
          "LoRA on the vocabulary's layer %s does not go with %s; leave out one of the two."
              .formatted(matrices.get().path(), what));
    }
    for (TableTarget table : tables) {
      for (int token : table.tokens()) {
        if (token < 0 || token >= table.rows()) {
          return Optional.of(
              ("trainable_token_indices has the token %s, but %s has %s rows; resize the model's"
                      + " embedding as it was when the adapter was trained.")
                  .formatted(token, table.path(), table.rows()));
        }
      }
    }
    return Optional.empty();
  }

  /** Returns whether a tied head needs separate values for these tables. */
  static boolean untieHead(Network network, List<TableTarget> tables) {
    return network instanceof Decoder decoder
        && decoder.isStoredTied()
        && tables.stream().anyMatch(table -> table.kind() != Kind.TOKENS);
  }

  /** Returns the weights that change. */
  static Set<String> tensors(List<TableTarget> tables) {
    Map<String, Boolean> names = new LinkedHashMap<>();
    tables.forEach(table -> names.put(table.tensor(), true));
    return names.keySet();
  }
}
