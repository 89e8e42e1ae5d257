package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.config.RotaryFrequencies;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.embedding.EmbeddingSlot;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.linear.QuantizedLinear;
import io.adapt4j.core.internal.nn.mlp.Router;
import io.adapt4j.core.internal.nn.mlp.RouterBalance;
import io.adapt4j.core.internal.nn.picture.PictureEncoder;
import io.adapt4j.core.internal.nn.picture.PictureRule;
import io.adapt4j.core.internal.nn.picture.Pictures;
import io.adapt4j.core.internal.nn.weights.NewParameters;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Engine;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.loss.VocabularyHead;
import io.adapt4j.core.internal.tensor.op.DropoutRates;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A transformer: a {@link Decoder} that predicts the next token, an {@link Encoder} that reads
 * whole texts, or an {@link EncoderDecoder} that reads one text and writes another.
 *
 * <p>Its structure exists before its weights: a declared network has parameters and projections,
 * and {@link #allocate} gives them memory. Not thread safe.
 */
public abstract sealed class Network implements AutoCloseable
    permits Decoder, Encoder, EncoderDecoder {

  private final ModelConfig modelConfig;
  private final Dimensions dimensions;
  private final StoredNames storedNames;
  private final Transformer body;
  private DType type;
  private Engine engine;
  private Set<String> newTensors = Set.of();
  private DropoutRates dropout = DropoutRates.NONE;
  private final Pictures pictures;
  private @Nullable PictureEncoder pictureEncoder;

  Network(
      ModelConfig modelConfig, Dimensions dimensions, StoredNames storedNames, Transformer body) {
    this.modelConfig = modelConfig;
    this.dimensions = dimensions;
    this.storedNames = storedNames;
    this.body = body;
    this.pictures = new Pictures(PictureRule.of(modelConfig));
  }

  /** {@return embeddings, layers and final norm} */
  public Transformer body() {
    return body;
  }

  /** Finds the load-balancing loss that the network's routers share. */
  public Optional<RouterBalance> routerBalance() {
    return body.layers().stream()
        .map(layer -> layer.mlp().router())
        .filter(Objects::nonNull)
        .map(Router::balance)
        .findFirst();
  }

  /** Returns the parameters of the output layers. */
  abstract List<Parameter> headParameters();

  /** Returns the linear layers of the output layers that can be replaced. */
  abstract List<LinearSlot> headLinears();

  /** Returns whether the layers belong to another network, which allocates and closes them. */
  boolean sharesLayers() {
    return false;
  }

  private List<LinearSlot> ownLinears() {
    return sharesLayers() ? headLinears() : linears();
  }

  private Set<Parameter> ownParameters() {
    return sharesLayers() ? outputParameters() : new LinkedHashSet<>(parameters());
  }

  /** Returns the configuration file's content. */
  public ModelConfig modelConfig() {
    return modelConfig;
  }

  /** Returns the pictures that prompts may contain. */
  public Pictures pictures() {
    return pictures;
  }

  /** Returns the sizes of the model. */
  public Dimensions dimensions() {
    return dimensions;
  }

  /** Returns the naming rules for this model's tensors in checkpoints. */
  public StoredNames storedNames() {
    return storedNames;
  }

  public DType type() {
    if (type == null) {
      throw new IllegalStateException("The model has no weights yet");
    }
    return type;
  }

  /** Returns the engine of the weights, whatever the current engine is. */
  public Engine engine() {
    if (engine == null) {
      throw new IllegalStateException("The model has no weights yet");
    }
    return engine;
  }

  /** Returns the token embedding: [vocabulary, hidden]; the network closes it. */
  public Parameter embedding() {
    return body.embeddings().tokens();
  }

  /**
   * Returns the embeddings of tokens, positions and types, and their norm: those that the model
   * has; the network closes them.
   */
  public List<Parameter> embeddingParameters() {
    return body.embeddings().parameters();
  }

  /** Returns the parameters of one layer: weights, biases and norms; the network closes them. */
  public List<Parameter> layerParameters(int layer) {
    return body.layers().get(layer).parameters();
  }

  public EmbeddingSlot embeddingSlot() {
    return body.embeddings().slot();
  }

  /** Returns the slots of all linear layers except the vocabulary head's. */
  public List<LinearSlot> linears() {
    List<LinearSlot> slots = new ArrayList<>(body.linears());
    slots.addAll(headLinears());
    return slots;
  }

  /** Adds what computes rows of pictures; the network closes it. */
  public void join(PictureEncoder encoder) {
    pictureEncoder = encoder;
  }

  /** Returns what computes rows of pictures, if it was added. */
  public Optional<PictureEncoder> pictureEncoder() {
    return Optional.ofNullable(pictureEncoder);
  }

  /** Returns the slots of all linear layers, then of those that compute rows of pictures. */
  public List<LinearSlot> allLinears() {
    List<LinearSlot> slots = new ArrayList<>(linears());
    pictureEncoder().ifPresent(encoder -> slots.addAll(encoder.linears()));
    return slots;
  }

  /** Returns every parameter once, with those that compute rows of pictures. */
  public List<Parameter> allParameters() {
    List<Parameter> all = new ArrayList<>(parameters());
    pictureEncoder().ifPresent(encoder -> all.addAll(encoder.parameters()));
    return all;
  }

  /** Returns the slots of linear layers within the layers, without the output's. */
  public List<LinearSlot> layerLinears() {
    return body.linears();
  }

  /** Returns the slots of all linear layers, then of those that only choose what is read. */
  public List<LinearSlot> adaptableLinears() {
    List<LinearSlot> slots = allLinears();
    slots.addAll(choosingLinears());
    return slots;
  }

  /** Returns the slots of projections that only choose what is read, and so have no gradient. */
  public List<LinearSlot> choosingLinears() {
    return body.layers().stream()
        .flatMap(layer -> layer.mixer().choosingLinears().stream())
        .toList();
  }

  /** Returns the layers with quantized weights. */
  public List<QuantizedLinear> packedLinears() {
    List<QuantizedLinear> found = new ArrayList<>();
    for (LinearSlot slot : linears()) {
      if (slot.linear().innermost() instanceof QuantizedLinear packed) {
        found.add(packed);
      }
    }
    return found;
  }

  /** Returns the weights that checkpoints store as [in, out]. */
  public Set<String> transposedTensors() {
    Set<String> names = new LinkedHashSet<>();
    for (Parameter parameter : parameters()) {
      parameter.slices().stream()
          .filter(Parameter.Slice::transposed)
          .forEach(slice -> names.add(slice.name()));
    }
    packedLinears().stream()
        .filter(QuantizedLinear::isTransposed)
        .forEach(packed -> names.addAll(packed.packed()));
    return names;
  }

  /**
   * Returns every parameter once: embeddings, layers, norms, output, and replaced linear layers: an
   * immutable list; the network closes them.
   */
  public List<Parameter> parameters() {
    Set<Parameter> all = new LinkedHashSet<>(body.parameters());
    headLinears().forEach(slot -> all.addAll(slot.linear().parameters()));
    all.addAll(headParameters());
    return List.copyOf(all);
  }

  /**
   * Returns the checkpoint tensors of the model's parameters, without quantized weights: dimensions
   * by name, in the order of {@link #parameters}.
   */
  public Map<String, List<Long>> tensors() {
    return tensors(parameters());
  }

  /** Returns the same with those that compute rows of pictures. */
  public Map<String, List<Long>> allTensors() {
    return tensors(allParameters());
  }

  private static Map<String, List<Long>> tensors(List<Parameter> parameters) {
    Map<String, List<Long>> tensors = new LinkedHashMap<>();
    for (Parameter parameter : parameters) {
      for (Parameter.Slice slice : parameter.slices()) {
        List<Long> sizes = new ArrayList<>();
        for (long size : parameter.sizes(slice)) {
          sizes.add(size);
        }
        tensors.put(slice.name(), sizes);
      }
    }
    return tensors;
  }

  /** Returns the output layer over the vocabulary. */
  public abstract Optional<VocabularyHead> vocabulary();

  /** Returns the number of values per position in all rotary tables, cosines and sines. */
  public long rotaryWidth() {
    return body.rotary().stream().mapToLong(RotaryFrequencies::rotaryDim).sum();
  }

  /** Returns the number of masks [B, T, T] that a padded batch needs. */
  public abstract long windowMasks();

  /** Returns the number of values in all parameters and quantized weights, shared ones once. */
  public long parameterCount() {
    return parameters().stream()
            .filter(parameter -> !parameter.isShared())
            .mapToLong(Parameter::count)
            .sum()
        + packedLinears().stream().mapToLong(QuantizedLinear::packedCount).sum();
  }

  /** {@return the maximum sequence length that the model was made for} */
  public int contextLength() {
    return dimensions.contextLength();
  }

  /** Checks that token ids are in the vocabulary. */
  public void requireKnownIds(int[] ids, String what) {
    for (int id : ids) {
      if (id < 0 || id >= dimensions.vocabularySize()) {
        throw new IllegalArgumentException(
            what
                + " has the token id "
                + id
                + ", but the model's ids are 0 to "
                + (dimensions.vocabularySize() - 1)
                + "; use the tokenizer that belongs to the model");
      }
    }
  }

  /**
   * Returns the tensors of the output layers that no other part of the model uses: their checkpoint
   * names, in the order of {@link #tensors}.
   */
  public List<String> outputTensors() {
    return outputParameters().stream()
        .flatMap(parameter -> parameter.slices().stream())
        .map(Parameter.Slice::name)
        .toList();
  }

  private Set<Parameter> outputParameters() {
    Set<Parameter> own = new LinkedHashSet<>();
    headLinears().forEach(slot -> own.addAll(slot.linear().parameters()));
    own.addAll(headParameters());
    own.remove(embedding());
    return own;
  }

  /**
   * Marks tensors as newly initialized: they are not looked up in the checkpoint, and {@link
   * NewParameters#initialize} sets their values.
   */
  public void initializeNew(Set<String> names) {
    newTensors = Set.copyOf(names);
  }

  /** Returns the newly initialized tensors. */
  public Set<String> newTensors() {
    return newTensors;
  }

  /** Sets the dropout rates of recorded passes. */
  public void drop(DropoutRates rates) {
    dropout = rates;
  }

  /** {@return the dropout rates of recorded passes} */
  public DropoutRates dropout() {
    return dropout;
  }

  /**
   * Runs the model and returns every hidden state.
   *
   * @param ids token ids, I64 [B, T]
   * @param typeIds token types, I64 [B, T]; ignored if the model has none
   * @return [B, T, hidden] each: of the embedding, of each layer, and after the final norm
   */
  public List<Tensor> hiddenStates(Ops ops, Tensor ids, Tensor typeIds, Positions positions) {
    return body.hiddenStates(ops, ids, typeIds, positions);
  }

  /** Allocates every parameter, with undefined content. */
  public void allocate(DType computeType) {
    type = computeType;
    engine = Engine.current();
    ownParameters().forEach(parameter -> parameter.allocate(computeType));
  }

  /** Shares another network's weights, engine and dropout. */
  void standOn(Network other) {
    type = other.type();
    engine = other.engine();
    dropout = other.dropout();
  }

  /**
   * Reads another network's weights and its quantized layers. The other network must have the same
   * structure, owns them and is closed later. Parameters to copy get their own memory, with
   * undefined content.
   */
  public void readWeightsOf(Network other, Predicate<Parameter> copied) {
    List<LinearSlot> slots = adaptableLinears();
    List<LinearSlot> stored = other.adaptableLinears();
    for (int i = 0; i < slots.size(); i++) {
      if (stored.get(i).linear().innermost() instanceof QuantizedLinear packed) {
        slots.get(i).replace(declared -> packed);
      }
    }
    standOn(other);
    List<Parameter> parameters = parameters();
    List<Parameter> owners = other.parameters();
    List<List<Parameter.Slice>> expected = owners.stream().map(Parameter::slices).toList();
    List<List<Parameter.Slice>> found = parameters.stream().map(Parameter::slices).toList();
    if (!found.equals(expected)) {
      throw new IllegalArgumentException(
          "expected the parameters " + expected + ", found " + found);
    }
    for (int i = 0; i < parameters.size(); i++) {
      Parameter own = parameters.get(i);
      Parameter owner = owners.get(i);
      if (own != owner && copied.test(owner)) {
        own.separate();
        own.allocate(type);
      } else if (own != owner) {
        own.borrow(owner);
      }
    }
  }

  @Override
  public void close() {
    ownParameters().forEach(Parameter::close);
    ownLinears().forEach(slot -> slot.linear().close());
    pictureEncoder().ifPresent(PictureEncoder::close);
  }
}
