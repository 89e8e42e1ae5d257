package io.adapt4j.parquet.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.FileDataset;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.zip.GZIPOutputStream;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.compression.CompressionCodecFactory;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.format.PageHeader;
import org.apache.parquet.format.Util;
import org.apache.parquet.hadoop.CodecFactory;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.LocalOutputFile;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ParquetConverterTest {

  private static final String LABELED =
      "message rows { required binary text (STRING); optional int64 label; }";

  @TempDir Path folder;

  @SafeVarargs
  private Path write(
      String name, CompressionCodecName codec, String schema, Consumer<Group>... rows)
      throws IOException {
    MessageType type = MessageTypeParser.parseMessageType(schema);
    Path file = folder.resolve(name);
    try (ParquetWriter<Group> writer =
        ExampleParquetWriter.builder(new LocalOutputFile(file))
            .withConf(new PlainParquetConfiguration())
            .withType(type)
            .withCompressionCodec(codec)
            .withCodecFactory(new Gzip())
            .build()) {
      for (Consumer<Group> row : rows) {
        Group group = new SimpleGroup(type);
        row.accept(group);
        writer.write(group);
      }
    }
    return file;
  }

  private static String json(Path file) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    new ParquetConverter().convert(file, out);
    return out.toString(StandardCharsets.UTF_8);
  }

  /** Changes the header of the page that begins at a byte; its length must stay. */
  private static void changeHeader(Path file, int at, Consumer<PageHeader> change)
      throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    ByteArrayInputStream rest = new ByteArrayInputStream(bytes, at, bytes.length - at);
    PageHeader header = Util.readPageHeader(rest);
    int length = bytes.length - at - rest.available();
    change.accept(header);
    ByteArrayOutputStream changed = new ByteArrayOutputStream();
    Util.writePageHeader(header, changed);
    assertThat(changed.size()).isEqualTo(length);
    System.arraycopy(changed.toByteArray(), 0, bytes, at, length);
    Files.write(file, bytes);
  }

  @Test
  void aPageThatSaysThatItIsLargerThanTheFileIsRefusedBeforeMemoryIsTaken() throws IOException {
    Path file =
        write(
            "rows.parquet",
            CompressionCodecName.UNCOMPRESSED,
            LABELED,
            row -> row.append("text", "x".repeat(200)));
    assertThat(Files.size(file)).isLessThan(8000);
    changeHeader(file, 4, header -> header.setCompressed_page_size(8000));
    assertThatThrownBy(() -> json(file))
        .isInstanceOf(IOException.class)
        .hasMessageContainingAll("text", "bytes stored", "8000");
  }

  /** Left to the reader, it gives as many empty rows. */
  @Test
  void aGroupThatSaysThatItHasMoreRowsThanValuesIsRefused() throws IOException {
    Path file = folder.resolve("rows.parquet");
    try (InputStream more = getClass().getResourceAsStream("/more-rows-than-values.parquet")) {
      Files.copy(more, file);
    }
    assertThatThrownBy(() -> json(file))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("expected a group of at most 2 rows");
  }

  @Test
  void aDictionaryThatSaysThatItHasMoreValuesThanBytesIsRefused() throws IOException {
    Path file =
        write(
            "rows.parquet",
            CompressionCodecName.UNCOMPRESSED,
            LABELED,
            row -> row.append("text", "x"),
            row -> row.append("text", "x"));
    changeHeader(file, 4, header -> header.getDictionary_page_header().setNum_values(60));
    assertThatThrownBy(() -> json(file))
        .isInstanceOf(IOException.class)
        .hasMessageContainingAll("text", "distinct values", "60");
  }

  @ParameterizedTest
  @EnumSource(
      value = CompressionCodecName.class,
      names = {"UNCOMPRESSED", "SNAPPY", "GZIP", "ZSTD"})
  void datasetsReadLabeledTextsInAnyOrder(CompressionCodecName codec) throws IOException {
    Path file =
        write(
            "rows.parquet",
            codec,
            LABELED,
            row -> row.append("text", "caf\u00E9 \"x\"").append("label", 3L),
            row -> row.append("text", "two\nlines").append("label", 0L));
    FileDataset rows = Datasets.read(file).open();
    assertThat(rows.size()).isEqualTo(2);
    assertThat(rows.get(1)).isEqualTo(new Example.Classified("two\nlines", "0"));
    assertThat(rows.get(0)).isEqualTo(new Example.Classified("caf\u00E9 \"x\"", "3"));
  }

  @Test
  void aMissingValueIsMalformedWhereItIsNeeded() throws IOException {
    Path file =
        write(
            "rows.parquet",
            CompressionCodecName.UNCOMPRESSED,
            LABELED,
            row -> row.append("text", "a").append("label", 3L),
            row -> row.append("text", "b"));
    assertThatThrownBy(() -> Datasets.read(file).open())
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("line 2: field 'label'");
  }

  @Test
  void listsOfMessagesBecomeConversations() throws IOException {
    Path file =
        write(
            "chats.parquet",
            CompressionCodecName.SNAPPY,
            """
            message rows { optional group messages (LIST) { repeated group list {
              optional group element { optional binary role (STRING);
                optional binary content (STRING); } } } }
            """,
            row -> {
              Group list = row.addGroup("messages");
              Group first = list.addGroup("list").addGroup("element");
              first.append("role", "user").append("content", "u");
              Group second = list.addGroup("list").addGroup("element");
              second.append("role", "assistant").append("content", "a");
            });
    assertThat(Datasets.read(file).open().get(0))
        .isEqualTo(new Example.Chat(List.of(ChatMessage.user("u"), ChatMessage.assistant("a"))));
  }

  @Test
  void valuesAreWrittenByTheirLogicalTypes() throws IOException {
    Path file =
        write(
            "types.parquet",
            CompressionCodecName.UNCOMPRESSED,
            """
            message rows { required boolean flag; required double real; required int32 day (DATE);
              required int64 at (TIMESTAMP(MILLIS,true)); required int32 price (DECIMAL(9,2));
              required binary raw; repeated int32 many; optional int32 none;
              required group names (MAP) { repeated group key_value {
                required binary key (STRING); optional int32 value; } } }
            """,
            row -> {
              row.append("flag", true).append("real", 0.5).append("day", 19_000);
              row.append("at", 1_000L).append("price", 1999);
              row.append("raw", Binary.fromConstantByteArray(new byte[] {(byte) 0xFF}));
              row.append("many", 1);
              row.append("many", 2);
              Group entry = row.addGroup("names").addGroup("key_value");
              entry.append("key", "k").append("value", 7);
            });
    assertThat(json(file))
        .isEqualTo(
            "{\"flag\":true,\"real\":0.5,\"day\":\"2022-01-08\",\"at\":\"1970-01-01T00:00:01Z\","
                + "\"price\":19.99,\"raw\":\"/w==\",\"many\":[1,2],\"names\":{\"k\":7}}\n");
  }

  @Test
  void damagedFilesAreRefused() throws IOException {
    Path good =
        write("rows.parquet", CompressionCodecName.SNAPPY, LABELED, row -> row.append("text", "a"));
    byte[] bytes = Files.readAllBytes(good);
    for (int length = 4; length < bytes.length; length += 7) {
      Path cut = folder.resolve("cut.parquet");
      Files.write(cut, Arrays.copyOf(bytes, length));
      assertThatThrownBy(() -> Datasets.read(cut).open())
          .isInstanceOf(DatasetException.class)
          .hasMessageContaining("expected Parquet");
    }
  }

  @Test
  void otherCompressionsAreNamed() {
    assertThatThrownBy(() -> new Codecs().getDecompressor(CompressionCodecName.BROTLI))
        .hasMessageContaining("compression BROTLI is not supported");
  }

  /** Parquet's own factory, which without Hadoop cannot write gzip, with gzip. */
  private static final class Gzip implements CompressionCodecFactory {

    private final CodecFactory others = new CodecFactory(new PlainParquetConfiguration(), 1 << 16);

    @Override
    public BytesInputCompressor getCompressor(CompressionCodecName codec) {
      return codec == CompressionCodecName.GZIP ? new Compressor() : others.getCompressor(codec);
    }

    @Override
    public BytesInputDecompressor getDecompressor(CompressionCodecName codec) {
      throw new UnsupportedOperationException("files are only written");
    }

    @Override
    public void release() {
      others.release();
    }

    private static final class Compressor implements BytesInputCompressor {

      @Override
      public BytesInput compress(BytesInput bytes) throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (OutputStream out = new GZIPOutputStream(packed)) {
          bytes.writeAllTo(out);
        }
        return BytesInput.from(packed.toByteArray());
      }

      @Override
      public CompressionCodecName getCodecName() {
        return CompressionCodecName.GZIP;
      }

      @Override
      public void release() {
        // Nothing is held.
      }
    }
  }
}
