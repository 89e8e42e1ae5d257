package io.adapt4j.core.internal.nn.weights;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.StoredValues;
import io.adapt4j.core.internal.config.RotaryFrequencies;
import io.adapt4j.core.internal.nn.EncoderDecoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.attention.Attention;
import io.adapt4j.core.internal.nn.layer.Layer;
import io.adapt4j.core.internal.nn.mlp.XieluMlp;
import io.adapt4j.core.internal.nn.sequence.Side;
import io.adapt4j.core.internal.nn.sequence.SourcePositions;
import io.adapt4j.core.internal.tensor.loss.VocabularyHead;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Stored tensors that a network does not read because it computes the same values, or has them
 * under another name: rotary frequencies, masks, consecutive positions, constants, copies of the
 * embedding. If a file holds other values, the model would not be computed correctly, so it is
 * rejected with the tensor's name. Parts of other outputs, such as a pooling layer or a classifier
 * in an embedding model, are not checked: their values do not matter.
 */
record UnreadTensors(Network network, Checkpoint checkpoint) {

  private static final Pattern LAYER = Pattern.compile("(?:^|\\.)(\\d+)\\.");
  private static final Pattern TABLE =
      Pattern.compile("(?:model\\.)?(encoder|decoder)\\.embed_positions\\.weights?");
  private static final Pattern COPY = Pattern.compile("(.*\\.)?(embed_tokens|shared)\\.weight");

  private static final Pattern HEAD =
      Pattern.compile(
          "(lm_head|proj_out|embed_out|output|vocab_projector|generator_lm_head|(.*\\.)?decoder)\\.weight");

  /** A second name of the bias in masked language modeling heads. */
  private static final String COPIED_BIAS = ".decoder.bias";

  private static final double LEAST_MASKED = -1e4;
  private static final double SMALLEST_HALF = 1e-7;
  private static final double ROTARY_ERROR = 1e-4;
  private static final double SINE_ERROR = 2e-3;

  /** Compares unread tensors with the values computed instead. */
  static void check(Network network, Checkpoint checkpoint, Set<String> read) {
    UnreadTensors tensors = new UnreadTensors(network, checkpoint);
    for (String name : checkpoint.names()) {
      if (!read.contains(name)) {
        tensors.checkHead(name);
        if (network.storedNames().ignores(name)) {
          tensors.check(name);
        }
      }
    }
  }

  /** Checks a stored head's shape; {@code StoredHead} decides about its values. */
  private void checkHead(String name) {
    if (network.vocabulary().isPresent() && HEAD.matcher(name).matches()) {
      List<Long> rows = Arrays.stream(network.vocabulary().get().weight().sizes()).boxed().toList();
      if (!checkpoint.entry(name).shape().equals(rows)) {
        throw CheckpointException.inTensor(
            checkpoint.entry(name).file(),
            name,
            "the shape " + rows + " of the embedding that the configuration ties it to",
            checkpoint.entry(name).shape().toString(),
            "Set tie_word_embeddings to false if the model has an output matrix of its own.");
      }
    }
  }

  private void check(String name) {
    if (isAfterLayers(name)) {
      return;
    }
    if (name.endsWith(".position_ids") || name.equals("position_ids")) {
      long length = last(name, 1);
      require(name, "0, 1, 2 and so on", (i, value) -> value == i % length);
    } else if (name.endsWith(".inv_freq")) {
      frequencies(name);
    } else if (name.endsWith(".masked_bias")) {
      require(name, "at most " + LEAST_MASKED, (i, value) -> value <= LEAST_MASKED);
    } else if (name.endsWith(".attn.bias") || name.endsWith(".attention.bias")) {
      mask(name);
    } else if (name.endsWith(".act_fn.beta")) {
      require(name, "0.5", (i, value) -> value == XieluMlp.BETA);
    } else if (name.endsWith(".act_fn.eps")) {
      double rounded = StoredValues.rounding(StoredType.BF16);
      require(name, "-1e-6", (i, value) -> isNear(value, XieluMlp.EPS, rounded, 0));
    } else if (TABLE.matcher(name).matches() && network instanceof EncoderDecoder both) {
      sines(name, both);
    } else if (COPY.matcher(name).matches()) {
      copyOfEmbedding(name);
    } else if (name.endsWith(COPIED_BIAS)) {
      network.vocabulary().map(VocabularyHead::bias).ifPresent(bias -> requireCopy(name, bias));
    }
  }

  /** Whether a tensor belongs to a layer after the model's, which predicts further tokens. */
  private boolean isAfterLayers(String name) {
    Matcher layer = LAYER.matcher(name);
    return COPY.matcher(name).matches()
        && layer.find()
        && Integer.parseInt(layer.group(1)) >= network.body().layers().size();
  }

  /** Checks rotary frequencies: scaled ones, or unscaled ones as stored by old classes. */
  private void frequencies(String name) {
    List<float[]> computed = new ArrayList<>();
    for (RotaryFrequencies rotary : network.body().rotary()) {
      computed.add(rotary.inverseFrequencies(0));
      computed.add(rotary.unscaled());
    }
    double error = Math.max(ROTARY_ERROR, StoredValues.rounding(checkpoint.entry(name).type()));
    boolean known =
        computed.stream()
            .anyMatch(
                frequencies ->
                    checkpoint.entry(name).elements() == frequencies.length
                        && StoredValues.all(
                            checkpoint,
                            name,
                            (i, value) ->
                                isNear(value, frequencies[(int) i], error, SMALLEST_HALF)));
    if (!known) {
      throw refused(name, "the rotary frequencies that the configuration states");
    }
  }

  /**
   * Checks that a mask has ones where a query sees a key: up to its own position, within a window
   * if there is one.
   */
  private void mask(String name) {
    long keys = last(name, 1);
    long queries = last(name, 2);
    Matcher layer = LAYER.matcher(name);
    long window = layer.find() ? window(Integer.parseInt(layer.group(1))) : 0;
    if (keys != queries) {
      throw refused(name, "a square mask");
    }
    require(
        name,
        window == 0 ? "a causal mask" : "a causal mask of a window of " + window,
        (i, value) -> {
          long distance = i / keys % queries - i % keys;
          boolean seen = distance >= 0 && (window == 0 || distance < window);
          return value == (seen ? 1 : 0);
        });
  }

  private long window(int layer) {
    List<Layer> layers = network.body().layers();
    return layer < layers.size() && layers.get(layer).mixer() instanceof Attention attention
        ? attention.rule().window()
        : 0;
  }

  private void sines(String name, EncoderDecoder both) {
    Side side = name.contains("encoder.") ? both.encoder() : both.decoder();
    SourcePositions positions = side.positions();
    if (positions == null || !positions.computed()) {
      return;
    }
    long width = positions.table().sizes()[1];
    double error = SINE_ERROR + StoredValues.rounding(checkpoint.entry(name).type());
    // No text uses the positions before the first.
    require(
        name,
        "the sines and cosines of positions",
        (i, value) ->
            i / width < positions.offset()
                || Math.abs(value - positions.computed(i / width, (int) (i % width))) <= error);
  }

  private void copyOfEmbedding(String name) {
    List<Parameter> tables = new ArrayList<>(network.embeddingParameters());
    tables.removeIf(table -> !COPY.matcher(table.slices().get(0).name()).matches());
    if (tables.isEmpty()) {
      return;
    }
    boolean copied = tables.stream().anyMatch(table -> isCopy(name, table));
    if (!copied) {
      throw refused(name, "the values of " + stored(tables.get(0)));
    }
  }

  private void requireCopy(String name, Parameter read) {
    if (!isCopy(name, read)) {
      throw refused(name, "the values of " + stored(read));
    }
  }

  private boolean isCopy(String name, Parameter read) {
    String original = stored(read);
    return !checkpoint.names().contains(original)
        || StoredValues.areEqual(checkpoint, name, original);
  }

  private String stored(Parameter parameter) {
    return network.storedNames().find(parameter.slices().get(0).name(), checkpoint.names());
  }

  private long last(String name, int fromEnd) {
    List<Long> shape = checkpoint.entry(name).shape();
    return shape.size() < fromEnd ? 1 : shape.get(shape.size() - fromEnd);
  }

  private void require(String name, String expected, StoredValues.Condition condition) {
    if (!StoredValues.all(checkpoint, name, condition)) {
      throw refused(name, expected);
    }
  }

  private static boolean isNear(double value, double expected, double relative, double absolute) {
    return Math.abs(value - expected) <= relative * Math.abs(expected) + absolute;
  }

  private CheckpointException refused(String name, String expected) {
    return CheckpointException.inTensor(
        checkpoint.entry(name).file(),
        name,
        expected,
        "other values",
        "This build computes with what is expected and does not read the tensor. Correct the"
            + " configuration if the tensor is right, or remove the tensor if it is not.");
  }
}
