package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.config.RotaryFrequencies;
import io.adapt4j.core.internal.nn.attention.Mixer;
import io.adapt4j.core.internal.nn.cache.CacheShape;
import io.adapt4j.core.internal.nn.cache.Placement;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.embedding.Embeddings;
import io.adapt4j.core.internal.nn.embedding.LayerInputs;
import io.adapt4j.core.internal.nn.layer.Layer;
import io.adapt4j.core.internal.nn.layer.Streams;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.nn.picture.BatchPictures;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Embeddings, layers and final norm: the common part of decoders and encoders. */
public record Transformer(
    Embeddings embeddings,
    List<Layer> layers,
    Norm norm,
    List<RotaryFrequencies> rotary,
    Optional<LayerInputs> inputs,
    Optional<Streams> streams,
    Optional<LinearSlot> projection) {

  /** Creates a transformer with one residual stream. */
  public Transformer(
      Embeddings embeddings, List<Layer> layers, Norm norm, List<RotaryFrequencies> rotary) {
    this(embeddings, layers, norm, rotary, Optional.empty(), Optional.empty(), Optional.empty());
  }

  /** Returns this transformer with per-layer inputs and several residual streams. */
  public Transformer with(Optional<LayerInputs> besides, Optional<Streams> several) {
    return new Transformer(embeddings, layers, norm, rotary, besides, several, projection);
  }

  /** Returns this transformer with a projection of its final states. */
  public Transformer projected(LinearSlot last) {
    return new Transformer(embeddings, layers, norm, rotary, inputs, streams, Optional.of(last));
  }

  public Placement placement() {
    return new Placement(
        rotary,
        layers.stream()
            .flatMap(layer -> layer.mixer().windows().stream())
            .collect(Collectors.toSet()),
        keepsStates(),
        embeddings.learnedPositions(),
        embeddings.unusedPositions());
  }

  /** Returns whether a layer keeps a state, which cannot be rolled back to an earlier token. */
  boolean keepsStates() {
    return layers.stream().anyMatch(layer -> layer.mixer().cache().hasStates());
  }

  List<CacheShape> caches() {
    return layers.stream().map(layer -> layer.mixer().cache()).toList();
  }

  /**
   * Returns of each layer's cache how many tokens the layers that read it see; 0 if one sees all.
   */
  long[] cacheWindows() {
    long[] windows = new long[layers.size()];
    boolean[] unlimited = new boolean[layers.size()];
    for (int i = 0; i < layers.size(); i++) {
      Mixer mixer = layers.get(i).mixer();
      int cache = mixer.source().orElse(i);
      for (long window : mixer.windows()) {
        unlimited[cache] |= window == 0;
        windows[cache] = Math.max(windows[cache], window);
      }
    }
    return IntStream.range(0, windows.length)
        .mapToLong(layer -> unlimited[layer] ? 0 : windows[layer])
        .toArray();
  }

  /** Returns every hidden state: of the embedding, of each layer, and after the final norm. */
  List<Tensor> hiddenStates(Ops ops, Tensor ids, Tensor typeIds, Positions positions) {
    List<Tensor> states = new ArrayList<>();
    states.add(begin(ops, ids, typeIds, positions));
    Tensor x = states.get(0);
    for (int i = 0; i < layers.size(); i++) {
      positions.inputOf(i, x);
      x = layers.get(i).forward(ops, x, positions, i);
      if (!layers.get(i).isUnfinished()) {
        states.add(x);
      }
    }
    states.add(end(ops, x));
    return states;
  }

  public Tensor forward(
      Ops ops, Tensor ids, Tensor typeIds, Positions positions, boolean recompute) {
    Set<Integer> sources = sources();
    Tensor x = begin(ops, ids, typeIds, positions);
    for (int i = 0; i < layers.size(); i++) {
      Layer layer = layers.get(i);
      int index = i;
      if (sources.contains(i)) {
        positions.inputOf(i, x);
      }
      Tensor next =
          ops.checkpoint(
              x,
              besides(layer, positions),
              recompute,
              (inner, in) -> layer.forward(inner.inLayer(index), in, positions, index));
      if (!ops.isDifferentiated(next) && !sources.contains(i)) {
        x.close();
      }
      positions.insertions().forEach(rows -> rows.deepen(next, index));
      BatchPictures pictures = positions.pictures();
      x = pictures == null ? next : pictures.deepen(ops, next, index);
    }
    return end(ops, x);
  }

  /** Returns the layers whose input later ones read. */
  public Set<Integer> sources() {
    return layers.stream()
        .flatMapToInt(layer -> layer.mixer().source().stream())
        .boxed()
        .collect(Collectors.toSet());
  }

  /** Returns what a layer reads in addition to the residual stream. */
  public static List<Tensor> besides(Layer layer, Positions positions) {
    List<Tensor> read = new ArrayList<>();
    if (layer.readsLayerInputs()) {
      read.add(positions.layerInputs());
    }
    layer.mixer().source().ifPresent(source -> read.add(positions.inputOf(source)));
    return read;
  }

  /** Computes the input of the first layer. */
  public Tensor begin(Ops ops, Tensor ids, Tensor typeIds, Positions positions) {
    positions.choices().begin(ops.isRecording());
    Tensor x = embeddings.forward(ops, ids, typeIds, positions);
    inputs.ifPresent(besides -> positions.layerInputs(besides.forward(ops, ids, x)));
    return streams.map(several -> several.begin(ops, x)).orElse(x);
  }

  /** Computes the final states from the last layer's output. */
  public Tensor end(Ops ops, Tensor x) {
    Tensor normed = norm.forward(ops, streams.map(several -> several.end(ops, x)).orElse(x));
    return projection.map(last -> last.forward(ops, normed)).orElse(normed);
  }

  /** Returns the layers' slots, shared ones once, then those of the embeddings. */
  List<LinearSlot> linears() {
    return Stream.concat(
            layers.stream().flatMap(layer -> layer.linears().stream()).distinct(),
            Stream.of(
                    embeddings.linears(),
                    inputs.map(besides -> List.of(besides.projection())).orElse(List.of()),
                    streams.map(Streams::linears).orElse(List.of()),
                    projection.stream().toList())
                .flatMap(List::stream))
        .toList();
  }

  List<Parameter> parameters() {
    List<Parameter> all = new ArrayList<>(embeddings.parameters());
    inputs.ifPresent(besides -> all.addAll(besides.parameters()));
    streams.ifPresent(several -> all.addAll(several.parameters()));
    layers.forEach(layer -> all.addAll(layer.parameters()));
    all.addAll(norm.parameters());
    projection.ifPresent(last -> all.addAll(last.linear().parameters()));
    return all;
  }
}
