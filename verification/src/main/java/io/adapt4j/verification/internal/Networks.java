package io.adapt4j.verification.internal;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.primitives.Floats;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.EightBitFloats;
import io.adapt4j.core.internal.checkpoint.ExpertStacks;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.EncoderDecoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.SequenceInputs;
import io.adapt4j.core.internal.nn.TargetRows;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.loss.EncoderLoss;
import io.adapt4j.core.internal.nn.loss.LanguageModelLoss;
import io.adapt4j.core.internal.nn.loss.SequenceLoss;
import io.adapt4j.core.internal.nn.weights.StoredModel;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.internal.train.TrainingStep;
import io.adapt4j.core.method.WeightFormat;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/** Loads checkpoints and runs them. */
public final class Networks {

  private Networks() {}

  /** Skips the check of a model whose family or weight format is unsupported. */
  public static void requireSupported(Path model) {
    JsonNode config = GoldenFolder.json(model, ModelConfig.FILE);
    String family = config.path("model_type").asText();
    if (!Architectures.modelTypes().contains(family)) {
      throw new UnsupportedQuantityException("model family " + family + " (model_type)");
    }
    JsonNode quantized = config.path("quantization_config");
    if (quantized.isObject() && !isDecoded(config) && !isFourBit(config)) {
      throw new UnsupportedQuantityException(
          "weight format " + quantized.path("quant_method").asText("unknown"));
    }
  }

  private static boolean isDecoded(JsonNode config) {
    return isMx(config) || EightBitFloats.areRead(config.path("quantization_config"));
  }

  /** Returns whether a configuration states experts in MXFP4. */
  public static boolean isMx(JsonNode config) {
    return config.path("quantization_config").path("quant_method").asText().equals("mxfp4");
  }

  /** Returns whether a configuration states 4-bit weights of bitsandbytes. */
  public static boolean isFourBit(JsonNode config) {
    JsonNode fields = config.path("quantization_config");
    return fields.path("quant_method").asText().equals("bitsandbytes")
        && (fields.path("load_in_4bit").asBoolean() || fields.path("_load_in_4bit").asBoolean());
  }

  /** Loads a checkpoint with plain or 4-bit weights. */
  public static Network load(Path folder, DType type) {
    return load(folder, type, config -> config);
  }

  /** Loads a checkpoint with a changed configuration. */
  public static Network load(Path folder, DType type, UnaryOperator<ModelConfig> change) {
    StoredModel stored = StoredModel.read(folder, WeightFormat.asStored());
    return load(folder, stored, Architectures.declare(change.apply(stored.config())), type);
  }

  /** Loads a checkpoint without its output over the vocabulary, if it has one. */
  public static Encoder loadEmbedding(Path folder) {
    StoredModel stored = StoredModel.read(folder, WeightFormat.asStored());
    Encoder network = Architectures.declareEncoder(Architectures.embedding(stored.config()));
    return (Encoder) load(folder, stored, network, DType.F32);
  }

  /** Loads a language model that scores a text by the choice between two next tokens. */
  public static Encoder loadChoosing(Path folder, int rejected, int chosen) {
    StoredModel stored = StoredModel.read(folder, WeightFormat.asStored());
    Encoder network = Architectures.declareDecoder(stored.config()).choosing(rejected, chosen);
    return (Encoder) load(folder, stored, network, DType.F32);
  }

  private static Network load(Path folder, StoredModel stored, Network network, DType type) {
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      stored.weights().install(network, checkpoint);
      Weights.check(network, checkpoint);
      network.allocate(type);
      Weights.load(network, checkpoint);
      return network;
    } catch (RuntimeException e) {
      network.close();
      throw e;
    }
  }

  /** Loads a checkpoint with its weights dequantized. */
  public static Network loadPlain(Path folder, DType type) {
    Network network = Architectures.declare(ModelConfig.read(folder));
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      Weights.check(network, checkpoint);
      network.allocate(type);
      Weights.load(network, checkpoint);
      return network;
    }
  }

  private static Tensor logits(Network network, Ops ops, Tensor hidden, Batch batch) {
    if (network instanceof Decoder decoder) {
      return decoder.logits(hidden);
    }
    Encoder encoder = (Encoder) network;
    return encoder.predictsTokens()
        ? encoder.vocabularyHead().logits(encoder.vocabularyInput(ops, hidden))
        : encoder.classLogits(ops, hidden, batch.ids(), batch.attentionMask());
  }

  /** Returns all hidden states as in Transformers: the last is after the final norm. */
  public static List<float[]> hiddenStates(Network network, Batch batch, boolean five) {
    try (Scope scope = Scope.open();
        Positions positions = positions(network, batch)) {
      Tensor ids = Tensor.of(batch.ids(), batch.rows(), batch.length());
      Tensor types = Tensor.of(batch.typeIds(), batch.rows(), batch.length());
      List<Tensor> states =
          new ArrayList<>(network.hiddenStates(Ops.inference(), ids, types, positions));
      // Before version 5, ModernBERT's class omitted the norm from its last hidden state.
      boolean beforeNorm = !five && network.modelConfig().modelType().equals("modernbert");
      states.remove(states.size() - (beforeNorm ? 1 : 2));
      return states.stream().map(Tensor::toFloats).toList();
    }
  }

  /** Returns the logits of every next token, every token, or every class. */
  public static float[] logits(Network network, Batch batch) {
    if (network instanceof EncoderDecoder both) {
      return SequenceLoss.logits(both, sequence(batch));
    }
    try (Scope scope = Scope.open();
        Positions positions = positions(network, batch)) {
      Ops ops = Ops.inference();
      Tensor ids = Tensor.of(batch.ids(), batch.rows(), batch.length());
      Tensor types = Tensor.of(batch.typeIds(), batch.rows(), batch.length());
      Tensor hidden =
          network instanceof Decoder decoder
              ? decoder.hidden(ops, ids, positions, false)
              : ((Encoder) network).hidden(ops, ids, types, positions, false);
      return logits(network, ops, hidden, batch).toFloats();
    }
  }

  /** Returns the weights of equally weighted rows. */
  public static float[] ones(int count) {
    float[] ones = new float[count];
    Arrays.fill(ones, 1);
    return ones;
  }

  public static float[] logits(Network network, int[] ids) {
    long[] mask = new long[ids.length];
    Arrays.fill(mask, 1);
    long[] tokens = Arrays.stream(ids).asLongStream().toArray();
    return logits(network, new Batch(tokens, mask, new long[ids.length], tokens, 1, ids.length));
  }

  private static Positions positions(Network network, Batch batch) {
    return network instanceof Decoder decoder
        ? decoder.positions(batch.attentionMask(), batch.rows(), batch.length())
        : ((Encoder) network)
            .positions(batch.ids(), batch.attentionMask(), batch.rows(), batch.length());
  }

  /** Returns a batch whose labels are target texts. */
  public static SequenceInputs sequence(Batch batch) {
    return new SequenceInputs(
        batch.ids(), batch.attentionMask(), batch.labels(), batch.rows(), batch.length());
  }

  /** Returns the mean loss over the batch's targets. */
  public static double loss(Network network, Batch batch) {
    if (network instanceof EncoderDecoder both) {
      return SequenceLoss.evaluate(both, sequence(batch)) / targets(network, batch);
    }
    double sum =
        network instanceof Decoder decoder
            ? LanguageModelLoss.evaluate(decoder, causal(batch))
            : EncoderLoss.evaluate((Encoder) network, batch);
    return sum / targets(network, batch);
  }

  /** Returns the mean loss and accumulates its gradients. */
  public static double forwardBackward(Network network, Batch batch, boolean recompute) {
    int targets = targets(network, batch);
    return objective(network).forwardBackward(batch, 1.0 / targets, recompute, 0) / targets;
  }

  public static TrainingStep.Objective<Batch> objective(Network network) {
    if (network instanceof EncoderDecoder both) {
      return (batch, scale, recompute, seed) ->
          SequenceLoss.forwardBackward(both, sequence(batch), 0, scale, recompute, seed);
    }
    return network instanceof Decoder decoder
        ? (batch, scale, recompute, seed) ->
            LanguageModelLoss.forwardBackward(decoder, causal(batch), scale, recompute, seed)
        : (batch, scale, recompute, seed) ->
            EncoderLoss.forwardBackward((Encoder) network, batch, scale, recompute, seed);
  }

  /** Returns the objective with each batch's mean, as the Trainer uses for encoder-decoders. */
  public static TrainingStep.Objective<Batch> meanObjective(Network network) {
    return (batch, scale, recompute, seed) -> {
      int targets = targets(network, batch);
      return objective(network).forwardBackward(batch, scale / targets, recompute, seed) / targets;
    };
  }

  private static Batch causal(Batch batch) {
    return new Batch(
        batch.ids(), batch.attentionMask(), batch.labels(), batch.rows(), batch.length());
  }

  private static int targets(Network network, Batch batch) {
    return network instanceof Decoder
        ? TargetRows.of(batch.labels(), batch.rows(), batch.length()).count()
        : Math.toIntExact(
            Arrays.stream(batch.labels()).filter(value -> value != TargetRows.IGNORED).count());
  }

  /** Returns the gradients of all parameters. */
  public static Map<String, float[]> gradients(Network network) {
    return gradients(
        network,
        network.parameters().stream().flatMap(parameter -> parameter.trained().stream()).toList());
  }

  /** Returns gradients in the checkpoint's layout. */
  public static Map<String, float[]> gradients(Network network, List<Trainable> trained) {
    Set<String> transposed =
        network.parameters().stream()
            .flatMap(parameter -> parameter.slices().stream())
            .filter(Parameter.Slice::transposed)
            .map(Parameter.Slice::name)
            .collect(Collectors.toSet());
    Map<String, float[]> gradients = new HashMap<>();
    try (Scope scope = Scope.open()) {
      for (Trainable trainable : trained) {
        boolean turn = transposed.contains(trainable.name());
        Tensor gradient = turn ? trainable.gradient().transposed() : trainable.gradient();
        gradients.put(trainable.name(), gradient.toFloats());
      }
    }
    return stacked(gradients);
  }

  /** Adds the gradients of tensors that stack all experts' matrices. */
  private static Map<String, float[]> stacked(Map<String, float[]> gradients) {
    Map<String, TreeMap<Integer, float[]>> stacks = new TreeMap<>();
    gradients.forEach(
        (name, values) ->
            ExpertStacks.slot(name)
                .ifPresent(
                    slot ->
                        stacks
                            .computeIfAbsent(slot.stack(), stack -> new TreeMap<>())
                            .put(slot.expert(), values)));
    gradients.keySet().removeIf(name -> ExpertStacks.slot(name).isPresent());
    stacks.forEach(
        (name, parts) ->
            gradients.put(name, Floats.concat(parts.values().toArray(float[][]::new))));
    return gradients;
  }
}
