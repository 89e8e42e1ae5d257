package io.adapt4j.gguf.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.WritableByteChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class GgufWriterTest {

  private static final GgufMetadata NONE = GgufMetadata.builder().build();

  @TempDir Path folder;
  private Path file;

  @BeforeEach
  void nameFile() {
    file = folder.resolve("model.gguf");
  }

  @Test
  void writesTheHeaderByteForByte() throws IOException {
    GgufMetadata metadata = GgufMetadata.builder().bool("a", true).build();
    GgufWriter.write(file, metadata, List.of(BytesSource.counting("w", TensorType.F16, 3L, 1L)));
    String header =
        "47475546 03000000 0100000000000000 0100000000000000" // magic, version, counts
            + " 0100000000000000 61 07000000 01" // a: bool true
            + " 0100000000000000 77 02000000 0300000000000000 0100000000000000" // w: [3, 1]
            + " 01000000 0000000000000000" // f16 at 0
            + " 00".repeat(96 - 79) // up to a multiple of 32
            + " 020304050607" // the tensor
            + " 00".repeat(26);
    assertThat(Files.readAllBytes(file))
        .asHexString()
        .isEqualTo(header.replace(" ", "").toUpperCase(Locale.ROOT));
  }

  @Test
  void createsMissingFoldersAndReplacesFiles() throws IOException {
    Path deep = folder.resolve("a/b/model.gguf");
    GgufWriter.write(deep, NONE, List.of());
    GgufWriter.write(deep, NONE, List.of(BytesSource.counting("w", TensorType.F32, 8L)));
    try (GgufFile read = GgufFile.open(deep)) {
      assertThat(read.tensors()).containsOnlyKeys("w");
    }
    assertThat(names(deep.getParent())).containsExactly("model.gguf");
  }

  @Test
  void aFolderIsNotReplacedAlsoThroughALink() throws IOException {
    Path kept = Files.createDirectory(folder.resolve("kept"));
    Path link = Files.createSymbolicLink(folder.resolve("link"), kept);
    for (Path target : List.of(kept, link)) {
      assertThatExceptionOfType(GgufException.class)
          .isThrownBy(() -> GgufWriter.write(target, NONE, List.of()))
          .withMessage(target + ": expected a file to write, found a folder. Name a file in it.");
    }
    assertThat(link).isSymbolicLink();
    Path below = Files.writeString(folder.resolve("file"), "").resolve("model.gguf");
    assertThatExceptionOfType(GgufException.class)
        .isThrownBy(() -> GgufWriter.write(below, NONE, List.of()))
        .withMessageContaining("is a file. Name another.");
  }

  @Test
  void whatALinkPointsToIsReplacedAndTheLinkStays() throws IOException {
    Path real = Files.writeString(folder.resolve("real.gguf"), "Earlier.");
    Path link = Files.createSymbolicLink(folder.resolve("link.gguf"), Path.of("real.gguf"));
    GgufWriter.write(link, NONE, List.of());
    assertThat(link).isSymbolicLink();
    assertThat(Files.readAllBytes(real)).startsWith('G', 'G', 'U', 'F');
  }

  @Test
  void aFailingSourceLeavesTheOldFileAndNoOther() throws IOException {
    GgufWriter.write(file, NONE, List.of(BytesSource.counting("old", TensorType.F32, 8L)));
    byte[] before = Files.readAllBytes(file);
    TensorSource failing = new FailingSource(new IOException("the disk is gone"));
    assertThatExceptionOfType(GgufException.class)
        .isThrownBy(() -> GgufWriter.write(file, NONE, List.of(failing)))
        .withMessageContaining("model.gguf: writing failed")
        .withMessageContaining("the disk is gone");
    TensorSource broken = new FailingSource(new IllegalStateException("a bug"));
    assertThatExceptionOfType(IllegalStateException.class)
        .isThrownBy(() -> GgufWriter.write(file, NONE, List.of(broken)));
    assertThat(Files.readAllBytes(file)).isEqualTo(before);
    assertThat(names(folder)).containsExactly("model.gguf");
  }

  static Stream<Arguments> failures() {
    return Stream.of(
        Arguments.of(
            new ClosedByInterruptException(), "the thread that was writing was interrupted", true),
        Arguments.of(new AccessDeniedException("model"), "Check the permissions of ", true),
        Arguments.of(new IOException("Permission denied"), "Check the permissions of ", true),
        Arguments.of(new IOException("Read-only file system"), "Check the permissions of ", true),
        Arguments.of(
            new IOException("No space left on device"), "the disk is full (No space", false),
        Arguments.of(new IOException("Disk quota exceeded"), "the disk is full (Disk quota", false),
        Arguments.of(new IOException("Input/output error"), "Check free space and", false));
  }

  @ParameterizedTest
  @MethodSource("failures")
  void theRemedyFitsTheFailure(IOException failure, String remedy, boolean spaceIsNoMatter) {
    assertThatExceptionOfType(GgufException.class)
        .isThrownBy(() -> GgufWriter.write(file, NONE, List.of(new FailingSource(failure))))
        .withMessageContaining(remedy)
        .matches(
            refusal ->
                refusal.getMessage().matches("(?s).*[\\d,]+ bytes are free in.*")
                    != spaceIsNoMatter);
  }

  @Test
  void namesOfTheLongestAllowedLengthAreWritten() {
    GgufWriter.write(file, NONE, List.of(BytesSource.counting("w".repeat(63), TensorType.F32, 8L)));
    assertThat(file).exists();
  }

  /** Writes half of its bytes, then fails. */
  private record FailingSource(Exception failure) implements TensorSource {
    @Override
    public String name() {
      return "w";
    }

    @Override
    public List<Long> shape() {
      return List.of(8L);
    }

    @Override
    public TensorType type() {
      return TensorType.F32;
    }

    @Override
    public void writeTo(WritableByteChannel target) throws IOException {
      target.write(ByteBuffer.allocate(16));
      if (failure instanceof IOException disk) {
        throw disk;
      }
      throw (RuntimeException) failure;
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 31, 33})
  void sourcesGiveAsManyBytesAsTheirShapeTakes(int given) throws IOException {
    BytesSource source = new BytesSource("w", List.of(8L), TensorType.F32, new byte[given]);
    assertThatExceptionOfType(GgufException.class)
        .isThrownBy(() -> GgufWriter.write(file, NONE, List.of(source)))
        .withMessageContaining("tensor 'w': expected 32 bytes for F32[8]")
        .withMessageContaining(given + " bytes");
    assertThat(names(folder)).isEmpty();
  }

  @Test
  void namesAreDistinctAndShort() {
    BytesSource tensor = BytesSource.counting("w", TensorType.F32, 8L);
    refuses(NONE, List.of(tensor, tensor), "tensor 'w': expected each name once");
    BytesSource longName = BytesSource.counting("ä".repeat(32), TensorType.F32, 8L);
    refuses(NONE, List.of(longName), "a name of at most 63 bytes, found 64 bytes");
  }

  @Test
  void shapesFitTheirType() {
    byte[] none = new byte[0];
    refuses(
        NONE,
        List.of(new BytesSource("w", List.of(48L, 2L), TensorType.Q8_0, none)),
        "rows of a multiple of 32 values for Q8_0, found [48, 2]");
    refuses(
        NONE,
        List.of(new BytesSource("w", List.of(1L, 1L, 1L, 1L, 1L), TensorType.F32, none)),
        "at most 4 dimensions");
    refuses(
        NONE,
        List.of(new BytesSource("w", List.of(1L << 40, 1L << 40), TensorType.F32, none)),
        "[1099511627776, 1099511627776]");
    refuses(
        NONE,
        List.of(new BytesSource("w", List.of(1L << 62), TensorType.F32, none)),
        "[4611686018427387904]");
    BytesSource huge = new BytesSource("v", List.of(1L << 60), TensorType.F32, none);
    refuses(
        NONE,
        List.of(huge, new BytesSource("w", List.of(1L << 60), TensorType.F32, none)),
        "tensor 'w': expected an end below 2^63");
  }

  @Test
  void theAlignmentIsAPowerOfTwo() {
    refuses(
        GgufMetadata.builder().uint32(GgufMetadata.ALIGNMENT, 24).build(),
        List.of(),
        "general.alignment: expected a power of two");
  }

  private void refuses(GgufMetadata metadata, List<BytesSource> tensors, String message) {
    assertThatExceptionOfType(GgufException.class)
        .isThrownBy(() -> GgufWriter.write(file, metadata, tensors))
        .withMessageContaining("model.gguf")
        .withMessageContaining(message);
    assertThat(file).doesNotExist();
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(path -> path.getFileName().toString()).toList();
    }
  }
}
