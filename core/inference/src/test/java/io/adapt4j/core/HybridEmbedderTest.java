package io.adapt4j.core;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.checkpoint.SafetensorsWriter;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Weights and vectors of tokens beside the vector of the text, as BAAI/bge-m3 has them. */
class HybridEmbedderTest {

  @TempDir private Path folder;

  private static ByteBuffer numbers(int count, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    ByteBuffer bytes = ByteBuffer.allocate(4 * count).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < count; i++) {
      bytes.putFloat((float) random.nextGaussian());
    }
    return bytes.flip();
  }

  /** Large, so that every token has a weight above 0. */
  private static ByteBuffer biases(int count) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * count).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < count; i++) {
      bytes.putFloat(30);
    }
    return bytes.flip();
  }

  private void writeSafe(String name, int width) throws IOException {
    SafetensorsWriter.create()
        .writeFile(
            folder.resolve(name + ".safetensors"),
            List.of(
                TensorData.of(
                    "weight",
                    StoredType.F32,
                    List.of((long) width, 24L),
                    () -> numbers(24 * width, 3)),
                TensorData.of("bias", StoredType.F32, List.of((long) width), () -> biases(width))));
  }

  /** What torch.save(layer.state_dict(), file) writes, instruction by instruction. */
  private void writePickled(String name, int width, String rebuild) throws IOException {
    ByteArrayOutputStream program = new ByteArrayOutputStream();
    write(program, "\u0080\u0002ccollections\nOrderedDict\nq\u0000)Rq\u0001(");
    tensor(program, "weight", "0", 24 * width, new int[] {width, 24}, rebuild);
    tensor(program, "bias", "1", width, new int[] {width}, rebuild);
    write(program, "u}X");
    program.write(new byte[] {9, 0, 0, 0});
    write(program, "_metadata}sb.");
    try (ZipOutputStream zip =
        new ZipOutputStream(Files.newOutputStream(folder.resolve(name + ".pt")))) {
      entry(zip, "layer/data.pkl", program.toByteArray());
      entry(zip, "layer/data/0", numbers(24 * width, 3).array());
      entry(zip, "layer/data/1", biases(width).array());
    }
  }

  private static void tensor(
      ByteArrayOutputStream to, String name, String key, int count, int[] shape, String rebuild) {
    text(to, name);
    write(to, "c" + rebuild + "\n((");
    text(to, "storage");
    write(to, "ctorch\nFloatStorage\n");
    text(to, key);
    text(to, "cpu");
    write(to, "M" + (char) (count & 0xff) + (char) (count >> 8) + "tQK\u0000");
    boolean matrix = shape.length == 2;
    String first = "K" + (char) shape[0];
    String sizes = matrix ? first + "K" + (char) shape[1] + "\u0086" : first + "\u0085";
    String strides = matrix ? "K" + (char) shape[1] + "K\u0001\u0086" : "K\u0001\u0085";
    write(to, sizes + strides + "\u0089ccollections\nOrderedDict\n)RtR");
  }

  private static void text(ByteArrayOutputStream to, String text) {
    write(to, "X" + (char) text.length() + "\u0000\u0000\u0000" + text);
  }

  private static void write(ByteArrayOutputStream to, String bytes) {
    to.writeBytes(bytes.getBytes(StandardCharsets.ISO_8859_1));
  }

  private static void entry(ZipOutputStream zip, String name, byte[] bytes) throws IOException {
    zip.putNextEntry(new ZipEntry(name));
    zip.write(bytes);
    zip.closeEntry();
  }

  private HybridEmbedder load() {
    return HybridEmbedder.load(ModelSource.path(folder), Precision.FP32);
  }

  @Test
  void weightsAndVectorsAreThoseOfTheTextsTokens() throws IOException {
    SmallEncoder.write(folder);
    writeSafe("sparse_linear", 1);
    writeSafe("colbert_linear", 6);
    long before = Tensor.live();
    try (HybridEmbedder embedder = load();
        TextEmbedder dense = TextEmbedder.load(ModelSource.path(folder), Precision.FP32)) {
      HybridEmbedding cat = embedder.embed("the cat sat on the mat");
      assertThat(cat.dense()).containsExactly(dense.embed("the cat sat on the mat"), within(1e-5f));
      // Five different words; the marks around the text have no weight.
      assertThat(cat.lexical()).hasSize(5);
      assertThat(cat.lexical().keySet()).allMatch(id -> id > 4);
      assertThat(cat.lexical().values()).allMatch(weight -> weight > 0);
      // Six words and the mark at the end.
      assertThat(cat.tokens()).hasDimensions(7, 6);
      assertThat(cat.maxSim(cat)).isCloseTo(1, within(1e-5));
      double squares = 0;
      for (float weight : cat.lexical().values()) {
        squares += weight * weight;
      }
      assertThat(cat.lexicalScore(cat)).isCloseTo(squares, within(1e-2));
      HybridEmbedding dog = embedder.embed("a dog ran");
      assertThat(cat.lexicalScore(dog)).isZero();
      assertThat(cat.maxSim(dog)).isLessThan(1 - 1e-6);
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  @Test
  void filesOfTorchAreReadAsDataOnly() throws IOException {
    SmallEncoder.write(folder);
    writeSafe("sparse_linear", 1);
    HybridEmbedding safe;
    try (HybridEmbedder embedder = load()) {
      safe = embedder.embed("the cat");
    }
    Files.delete(folder.resolve("sparse_linear.safetensors"));
    writePickled("sparse_linear", 1, "torch._utils\n_rebuild_tensor_v2");
    try (HybridEmbedder embedder = load()) {
      assertThat(embedder.embed("the cat").lexical()).isEqualTo(safe.lexical());
    }
    writePickled("sparse_linear", 1, "os\nsystem");
    refuses(CheckpointException.class, this::load, "os.system");
  }

  @Test
  void aPlainEncoderIsRefused() throws IOException {
    SmallEncoder.write(folder);
    refuses(IllegalArgumentException.class, this::load, "TextEmbedder");
  }
}
