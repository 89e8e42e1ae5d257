package io.adapt4j.lora;

import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.lora.internal.adapter.SavedModules;
import io.adapt4j.lora.internal.adapter.TableTarget;
import io.adapt4j.lora.internal.peft.VocabularyTables;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The updates of token embedding and output head that a LoRA configuration names. */
final class TableTargets {

  private TableTargets() {}

  static List<TableTarget> of(AdapterConfig config, Network network, SavedModules saved) {
    Map<String, String> tables = VocabularyTables.of(network);
    Map<String, List<Long>> known = saved.known();
    boolean all = config.modules().targets().isAllLinear();
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
                new TableTarget(
                    TableTarget.Kind.TOKENS, path, tensor, shape.get(0), shape.get(1), 0, 1, own));
          } else if (wanted && !saved.tensors().contains(tensor)) {
            TableTarget.Kind kind =
                isEmbedding(network, tensor) && !config.modules().isWeight(path)
                    ? TableTarget.Kind.EMBEDDING
                    : TableTarget.Kind.LINEAR;
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
    long rows = tables.stream().filter(table -> table.kind() == TableTarget.Kind.TOKENS).count();
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
        tables.stream().filter(table -> table.kind() != TableTarget.Kind.TOKENS).findFirst();
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
        && tables.stream().anyMatch(table -> table.kind() != TableTarget.Kind.TOKENS);
  }

  /** Returns the weights that change. */
  static Set<String> tensors(List<TableTarget> tables) {
    Map<String, Boolean> names = new LinkedHashMap<>();
    tables.forEach(table -> names.put(table.tensor(), true));
    return names.keySet();
  }
}
