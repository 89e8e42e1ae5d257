package io.adapt4j.verification.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.rag.document.DocumentReading;
import io.adapt4j.rag.document.Documents;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.io.LocalOutputFile;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;

/** Readers of data sets and of documents. */
final class DataTargets {

  private static final String JSONL =
      "{\"prompt\": \"a\", \"completion\": \"b\"}\n{\"prompt\": \"\\u00e9\", \"completion\": \"d\"}\n";

  private DataTargets() {}

  static List<FuzzTarget> all() {
    List<FuzzTarget> all = new ArrayList<>();
    all.add(data("jsonl", List.of(seed(JSONL))));
    all.add(data("json", List.of(seed("[{\"text\": \"a\"}, {\"text\": \"b\"}]"))));
    all.add(data("csv", List.of(seed("prompt,completion\n\"a \"\"q\"\"\",b\nc,\"d\ne\"\n"))));
    all.add(data("tsv", List.of(seed("prompt\tcompletion\na\tb\n"))));
    all.add(data("txt", List.of(seed("a paragraph\n\nanother\n"))));
    all.add(data("jsonl.gz", List.of(gzip(seed(JSONL)))));
    all.add(data("parquet", List.of(parquet())));
    all.add(
        document(
            "md", List.of(seed("---\ntitle: T\n---\n# A\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"))));
    all.add(document("html", List.of(seed("<html><body><h1>A</h1><p>b<table><tr><td>c</table>"))));
    all.add(document("java", List.of(seed("class A { int b = 1; }"))));
    all.add(document("pdf", List.of(pdf())));
    all.add(document("docx", List.of(docx())));
    all.add(document("eml", List.of(seed("From: a@b.c\r\nSubject: s\r\n\r\nbody\r\n"))));
    return all;
  }

  private static FuzzTarget data(String extension, List<byte[]> seeds) {
    return new FuzzTarget(
        "data-" + extension,
        seeds,
        Scratch.file(
            "rows." + extension,
            file -> {
              Dataset rows = Datasets.read(file).open();
              for (int row = 0; row < rows.size(); row++) {
                rows.get(row);
              }
            }));
  }

  private static FuzzTarget document(String extension, List<byte[]> seeds) {
    return new FuzzTarget(
        "document-" + extension,
        seeds,
        bytes -> {
          try (DocumentReading reading = Documents.bytes("file." + extension, bytes).open()) {
            reading.forEachRemaining(document -> Objects.requireNonNull(document.text()));
            if (!reading.report().failed().isEmpty()) {
              throw new IOException(reading.report().failed().toString());
            }
          }
        });
  }

  private static byte[] parquet() {
    try {
      MessageType columns =
          MessageTypeParser.parseMessageType(
              "message rows { required binary text (STRING); optional int64 number; }");
      Path file = Files.createTempDirectory("fuzz-seed").resolve("rows.parquet");
      try (ParquetWriter<Group> writer =
          ExampleParquetWriter.builder(new LocalOutputFile(file)).withType(columns).build()) {
        writer.write(new SimpleGroup(columns).append("text", "a").append("number", 1L));
        writer.write(new SimpleGroup(columns).append("text", "b"));
      }
      byte[] bytes = Files.readAllBytes(file);
      MoreFiles.deleteRecursively(file.getParent(), RecursiveDeleteOption.ALLOW_INSECURE);
      return bytes;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] gzip(byte[] bytes) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  private static byte[] docx() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(out)) {
      entry(
          zip,
          "[Content_Types].xml",
          "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">"
              + "<Default Extension=\"rels\" ContentType=\"application/"
              + "vnd.openxmlformats-package.relationships+xml\"/>"
              + "<Override PartName=\"/word/document.xml\" ContentType=\"application/vnd."
              + "openxmlformats-officedocument.wordprocessingml.document.main+xml\"/></Types>");
      entry(
          zip,
          "_rels/.rels",
          "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">"
              + "<Relationship Id=\"r\" Type=\"http://schemas.openxmlformats.org/"
              + "officeDocument/2006/relationships/officeDocument\" Target=\"word/document.xml\"/>"
              + "</Relationships>");
      entry(
          zip,
          "word/document.xml",
          "<w:document xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\">"
              + "<w:body><w:p><w:r><w:t>Hello</w:t></w:r></w:p></w:body></w:document>");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  private static void entry(ZipOutputStream zip, String name, String text) throws IOException {
    zip.putNextEntry(new ZipEntry(name));
    zip.write(seed(text));
    zip.closeEntry();
  }

  private static byte[] pdf() {
    return seed(
        """
        %PDF-1.4
        1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj
        2 0 obj <</Type/Pages/Kids[3 0 R]/Count 1>> endobj
        3 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>> endobj
        4 0 obj <</Length 35>> stream
        BT /F 9 Tf 9 9 Td (Hello) Tj ET
        endstream endobj
        5 0 obj <</Type/Font/Subtype/Type1/BaseFont/Helvetica>> endobj
        trailer <</Root 1 0 R/Size 6>>
        %%EOF
        """);
  }

  private static byte[] seed(String text) {
    return text.getBytes(UTF_8);
  }
}
