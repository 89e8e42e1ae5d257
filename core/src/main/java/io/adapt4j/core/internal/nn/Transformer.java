package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.config.RotaryFrequencies;
import io.adapt4j.core.internal.tensor.Ops;
import io.adapt4j.core.internal.tensor.Parameter;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Embeddings, layers and final norm: what decoders and encoders have in common.
 *
 * @param embeddings turn ids into hidden states
 * @param layers first layer first
 * @param norm after the last layer
 * @param rotary the sets of rotary frequencies the layers refer to
 */
public record Transformer(
    Embeddings embeddings, List<Layer> layers, Norm norm, List<RotaryFrequencies> rotary) {

  Placement placement() {
    return new Placement(
        rotary,
        layers.stream()
            .flatMap(layer -> layer.mixer().windows().stream())
            .collect(Collectors.toSet()),
        keepsStates(),
        embeddings.positions() == null ? 0 : Math.toIntExact(embeddings.positions().sizes()[0]));
  }

  /** Whether a layer keeps a state that cannot go back to an earlier token. */
  boolean keepsStates() {
    return layers.stream().anyMatch(layer -> layer.mixer().cache().hasStates());
  }

  /** What each layer keeps of the tokens it has read. */
  List<CacheShape> caches() {
    return layers.stream().map(layer -> layer.mixer().cache()).toList();
  }

  /** Every hidden state: of the embedding, of each layer, and after the final norm. */
  List<Tensor> hiddenStates(Ops ops, Tensor ids, Tensor typeIds, Positions positions) {
    List<Tensor> states = new ArrayList<>();
    states.add(embeddings.forward(ops, ids, typeIds, positions));
    for (int i = 0; i < layers.size(); i++) {
      states.add(layers.get(i).forward(ops, states.get(i), positions, i));
    }
    states.add(norm.forward(ops, states.get(layers.size())));
    return states;
  }

  Tensor forward(Ops ops, Tensor ids, Tensor typeIds, Positions positions, boolean recompute) {
    Tensor x = embeddings.forward(ops, ids, typeIds, positions);
    for (int i = 0; i < layers.size(); i++) {
      Layer layer = layers.get(i);
      int index = i;
      Tensor next =
          ops.checkpoint(
              x,
              recompute,
              (inner, in) -> layer.forward(inner.inLayer(index), in, positions, index));
      if (!ops.isDifferentiated(next)) {
        x.close();
      }
      x = next;
    }
    return norm.forward(ops, x);
  }

  /** Those of the layers, each once where layers share it, then those of the embeddings. */
  List<LinearSlot> linears() {
    return Stream.concat(
            layers.stream().flatMap(layer -> layer.linears().stream()).distinct(),
            embeddings.linears().stream())
        .toList();
  }

  List<Parameter> parameters() {
    List<Parameter> all = new ArrayList<>(embeddings.parameters());
    layers.forEach(layer -> all.addAll(layer.parameters()));
    all.addAll(norm.parameters());
    return all;
  }
}
