package io.adapt4j.gguf.format;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AfterProperty;
import net.jqwik.api.lifecycle.BeforeProperty;

class GgufPropertiesTest {

  private Path file;
  private Path again;

  @BeforeProperty
  void createFiles() throws IOException {
    file = Files.createTempFile("tensors", ".gguf");
    again = Files.createTempFile("again", ".gguf");
  }

  @AfterProperty
  void deleteFiles() throws IOException {
    Files.deleteIfExists(file);
    Files.deleteIfExists(again);
  }

  @Property(tries = 300)
  void whatIsWrittenIsRead(
      @ForAll("metadata") GgufMetadata metadata, @ForAll("tensors") List<BytesSource> tensors)
      throws IOException {
    GgufWriter.write(file, metadata, tensors);
    try (GgufFile read = GgufFile.open(file)) {
      assertThat(read.metadata()).isEqualTo(metadata);
      assertThat(List.copyOf(read.metadata().keys())).isEqualTo(List.copyOf(metadata.keys()));
      assertThat(read.tensors().keySet())
          .containsExactlyElementsOf(tensors.stream().map(BytesSource::name).toList());
      for (BytesSource tensor : tensors) {
        GgufTensor found = read.tensor(tensor.name());
        assertThat(found.shape()).isEqualTo(tensor.shape());
        assertThat(found.type()).isEqualTo(tensor.type());
        assertThat(found.elements()).isEqualTo(GgufHeader.elements(tensor.shape()));
        ByteBuffer bytes = ByteBuffer.allocate((int) found.bytes());
        read.read(found, 0, bytes);
        assertThat(bytes.array()).isEqualTo(tensor.bytes());
      }
    }
  }

  @Property(tries = 100)
  void tensorsBeginAtMultiplesOfTheAlignment(
      @ForAll("tensors") List<BytesSource> tensors, @ForAll("alignments") int alignment)
      throws IOException {
    GgufMetadata metadata =
        GgufMetadata.builder().uint32(GgufMetadata.ALIGNMENT, alignment).build();
    GgufWriter.write(file, metadata, tensors);
    assertThat(Files.size(file) % alignment).isZero();
    try (GgufFile read = GgufFile.open(file)) {
      long end = 0;
      for (GgufTensor tensor : read.tensors().values()) {
        assertThat(tensor.offset()).isEqualTo(GgufHeader.align(end, alignment));
        end = tensor.offset() + tensor.bytes();
      }
    }
  }

  @Property(tries = 100)
  void whatIsReadIsWrittenWithTheSameBytes(
      @ForAll("metadata") GgufMetadata metadata, @ForAll("tensors") List<BytesSource> tensors)
      throws IOException {
    GgufWriter.write(file, metadata, tensors);
    try (GgufFile read = GgufFile.open(file)) {
      GgufWriter.write(again, read.metadata(), tensors);
    }
    assertThat(Files.mismatch(file, again)).isEqualTo(-1);
  }

  @Provide
  Arbitrary<Integer> alignments() {
    return Arbitraries.of(8, 16, 32, 64, 4096);
  }

  @Provide
  Arbitrary<GgufMetadata> metadata() {
    return values().list().ofMaxSize(12).map(GgufPropertiesTest::numbered);
  }

  /** Sets a value of its kind under a key. */
  private interface Setter {
    void set(GgufMetadata.Builder builder, String key);
  }

  private static GgufMetadata numbered(List<Setter> setters) {
    GgufMetadata.Builder builder = GgufMetadata.builder();
    for (int i = 0; i < setters.size(); i++) {
      setters.get(i).set(builder, "key." + i);
    }
    return builder.build();
  }

  private static Arbitrary<Setter> values() {
    Arbitrary<ValueType> integerTypes =
        Arbitraries.of(ValueType.class).filter(ValueType::isInteger);
    return Arbitraries.oneOf(
        texts().map(value -> (builder, key) -> builder.string(key, value)),
        texts().list().map(value -> (builder, key) -> builder.strings(key, value)),
        Arbitraries.of(true, false).map(value -> (builder, key) -> builder.bool(key, value)),
        Arbitraries.of(true, false)
            .array(boolean[].class)
            .map(value -> (builder, key) -> builder.bools(key, value)),
        Arbitraries.floats().map(value -> (builder, key) -> builder.float32(key, value)),
        Arbitraries.doubles().map(value -> (builder, key) -> builder.float64(key, value)),
        Arbitraries.floats()
            .array(float[].class)
            .map(value -> (builder, key) -> builder.float32s(key, value)),
        Arbitraries.doubles()
            .array(double[].class)
            .map(value -> (builder, key) -> builder.float64s(key, value)),
        Arbitraries.integers()
            .array(int[].class)
            .map(value -> (builder, key) -> builder.int32s(key, value)),
        integerTypes.flatMap(
            type ->
                Arbitraries.longs()
                    .filter(type::holds)
                    .map(value -> (builder, key) -> builder.integer(key, type, value))),
        integerTypes.flatMap(
            type ->
                Arbitraries.longs()
                    .between(0, 100)
                    .array(long[].class)
                    .map(value -> (builder, key) -> builder.integers(key, type, value))));
  }

  private static Arbitrary<String> texts() {
    return Arbitraries.strings()
        .all()
        .ofMaxLength(12)
        .filter(text -> text.codePoints().noneMatch(c -> c >= 0xD800 && c <= 0xDFFF));
  }

  @Provide
  Arbitrary<List<BytesSource>> tensors() {
    BiFunction<TensorType, List<Long>, BytesSource> tensor =
        (type, shape) -> {
          Long[] dimensions = shape.toArray(Long[]::new);
          if (dimensions.length > 0) {
            dimensions[0] *= type.blockSize();
          } else if (type.blockSize() > 1) {
            dimensions = new Long[] {(long) type.blockSize()};
          }
          return BytesSource.counting("", type, dimensions);
        };
    return Combinators.combine(
            Arbitraries.of(TensorType.class), Arbitraries.longs().between(0, 3).list().ofMaxSize(4))
        .as(tensor::apply)
        .list()
        .ofMaxSize(6)
        .map(
            sources ->
                IntStream.range(0, sources.size())
                    .mapToObj(
                        i -> {
                          BytesSource source = sources.get(i);
                          return new BytesSource(
                              "blk." + i, source.shape(), source.type(), source.bytes());
                        })
                    .toList());
  }
}
