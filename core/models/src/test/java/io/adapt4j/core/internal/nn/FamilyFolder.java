package io.adapt4j.core.internal.nn;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.checkpoint.SafetensorsFile;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.loss.EncoderLoss;
import io.adapt4j.core.internal.nn.loss.LanguageModelLoss;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tokenize.Batch;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;

/** One of the tiny checkpoints below core/fixtures/families, with what the reference says of it. */
public final class FamilyFolder implements AutoCloseable {

  public static final int ROWS = 2;
  public static final int LENGTH = 24;

  private static final String GENERATION = "generation_config.json";

  /** Regular expression of the decoders to test; mutation testing takes a few. */
  private static final String DECODERS = System.getProperty("adapt4j.decoders", ".*");

  private final Path path;
  private final SafetensorsFile expected;

  private FamilyFolder(Path path) {
    this.path = path;
    this.expected = SafetensorsFile.open(path.resolve("expected.safetensors"));
  }

  public static FamilyFolder open(String name) {
    return new FamilyFolder(root().resolve(name));
  }

  /** Another folder of the same form. */
  static FamilyFolder at(Path path) {
    return new FamilyFolder(path);
  }

  /** The names of all of them, or of those that the property {@code adapt4j.families} matches. */
  static Stream<String> names() {
    try (Stream<Path> children = Files.list(root())) {
      return children
          .filter(Files::isDirectory)
          .map(child -> child.getFileName().toString())
          .filter(name -> name.matches(System.getProperty("adapt4j.families", ".*")))
          .sorted()
          .toList()
          .stream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The names of those that generate text. */
  static Stream<String> decoders() {
    return names()
        .filter(name -> name.matches(DECODERS))
        .filter(name -> Files.exists(root().resolve(name).resolve(GENERATION)));
  }

  /** The rows of an aspect in the table of families: folder, name and value. */
  public static Stream<Arguments> cases(String aspect) {
    try (Stream<String> lines = Files.lines(fixture("families.csv"))) {
      return lines
          .filter(line -> !line.startsWith("#"))
          .map(line -> line.split(" \\| ", 4))
          .filter(row -> row[1].equals(aspect))
          .map(row -> Arguments.of(row[0], row[2], row[3]))
          .toList()
          .stream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path root() {
    return fixture("families");
  }

  /** A file below core/fixtures, from a module of core or from one beside it. */
  private static Path fixture(String name) {
    Path near = Path.of("..", "fixtures", name);
    return Files.exists(near) ? near : Path.of("..", "core", "fixtures", name);
  }

  public Path path() {
    return path;
  }

  JsonNode json() throws IOException {
    return Json.parse(Files.readString(path.resolve("expected.json")));
  }

  public Network load() {
    return load(DType.F32);
  }

  public Network load(DType type) {
    return TestNetworks.network(path, type);
  }

  /** Loads the network of any checkpoint folder. */
  public static Network load(Path path) {
    return TestNetworks.network(path);
  }

  boolean has(String tensor) {
    return expected.entries().containsKey(tensor);
  }

  long[] longs(String tensor) {
    long[] values = new long[Math.toIntExact(expected.entry(tensor).elements())];
    expected.bytes(tensor).asLongBuffer().get(values);
    return values;
  }

  float[] floats(String tensor) {
    float[] values = new float[Math.toIntExact(expected.entry(tensor).elements())];
    expected.bytes(tensor).asFloatBuffer().get(values);
    return values;
  }

  /** The rows of an integer tensor. */
  List<int[]> rows(String tensor) {
    long[] values = longs(tensor);
    int width = Math.toIntExact(expected.entry(tensor).shape().get(1));
    return IntStream.range(0, values.length / width)
        .mapToObj(
            row ->
                Arrays.stream(values, row * width, (row + 1) * width)
                    .mapToInt(Math::toIntExact)
                    .toArray())
        .toList();
  }

  /** The batch whose tensors have a suffix. */
  public Batch batch(String suffix) {
    long[] ids = longs("input_ids" + suffix);
    String types = "token_type_ids" + suffix;
    return new Batch(
        ids,
        longs("attention_mask" + suffix),
        has(types) ? longs(types) : new long[ids.length],
        has("labels") ? longs("labels") : new long[ids.length],
        ROWS,
        LENGTH);
  }

  /** The largest deviation from an expected tensor: of tokens without padding, or of texts. */
  double error(String tensor, float[] found, Batch batch) {
    float[] wanted = floats(tensor);
    int width = wanted.length / (ROWS * LENGTH);
    boolean ofTokens = expected.entry(tensor).shape().size() > 2;
    double worst = found.length == wanted.length ? 0 : Double.POSITIVE_INFINITY;
    for (int i = 0; i < wanted.length; i++) {
      if (!ofTokens || batch.attentionMask()[i / width] == 1) {
        worst = Math.max(worst, Math.abs(wanted[i] - found[i]));
      }
    }
    return worst;
  }

  public static float[] hidden(Network network, Batch batch) {
    return run(network, batch, (ops, hidden) -> hidden);
  }

  /** Scores of each token's successor, of each token, or of each class. */
  public static float[] logits(Network network, Batch batch) {
    return run(
        network,
        batch,
        (ops, hidden) -> {
          if (network instanceof Decoder decoder) {
            return decoder.logits(hidden);
          }
          Encoder encoder = (Encoder) network;
          return encoder.predictsTokens()
              ? encoder.vocabularyHead().logits(encoder.vocabularyInput(ops, hidden))
              : encoder.classLogits(ops, hidden, batch.ids(), batch.attentionMask());
        });
  }

  private interface Output {
    Tensor of(Ops ops, Tensor hidden);
  }

  private static float[] run(Network network, Batch batch, Output output) {
    try (Scope scope = Scope.open();
        Positions positions = positions(network, batch)) {
      Ops ops = Ops.inference();
      Tensor hidden =
          network instanceof Decoder decoder
              ? decoder.hidden(ops, BatchTensors.ids(batch), positions, false)
              : ((Encoder) network)
                  .hidden(
                      ops, BatchTensors.ids(batch), BatchTensors.types(batch), positions, false);
      return output.of(ops, hidden).toFloats();
    }
  }

  static List<float[]> states(Network network, Batch batch) {
    try (Scope scope = Scope.open();
        Positions positions = positions(network, batch)) {
      return network
          .hiddenStates(
              Ops.inference(), BatchTensors.ids(batch), BatchTensors.types(batch), positions)
          .stream()
          .map(Tensor::toFloats)
          .toList();
    }
  }

  private static Positions positions(Network network, Batch batch) {
    return network instanceof Decoder decoder
        ? decoder.positions(batch.attentionMask(), ROWS, LENGTH)
        : ((Encoder) network).positions(batch.ids(), batch.attentionMask(), ROWS, LENGTH);
  }

  static int targets(Network network, Batch batch) {
    return network instanceof Decoder
        ? TargetRows.of(batch.labels(), ROWS, LENGTH).count()
        : (int) Arrays.stream(batch.labels()).filter(value -> value != TargetRows.IGNORED).count();
  }

  /** The mean loss. */
  static double loss(Network network, Batch batch) {
    double sum =
        network instanceof Decoder decoder
            ? LanguageModelLoss.evaluate(decoder, batch)
            : EncoderLoss.evaluate((Encoder) network, batch);
    return sum / targets(network, batch);
  }

  /** The mean loss; its gradients are added to those of the trained parameters. */
  public static double forwardBackward(Network network, Batch batch, boolean recompute) {
    double scale = 1.0 / targets(network, batch);
    double sum =
        network instanceof Decoder decoder
            ? LanguageModelLoss.forwardBackward(decoder, batch, scale, recompute, 0)
            : EncoderLoss.forwardBackward((Encoder) network, batch, scale, recompute, 0);
    return sum * scale;
  }

  @Override
  public void close() {
    expected.close();
  }
}
