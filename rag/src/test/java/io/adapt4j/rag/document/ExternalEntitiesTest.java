package io.adapt4j.rag.document;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A document cannot have another file of this machine read into its text. */
class ExternalEntitiesTest {

  private static final String SECRET = "Sesame0123456789";

  @TempDir private Path folder;

  private String doctype(String root) throws IOException {
    Path file = Files.writeString(folder.resolve("secret.txt"), SECRET);
    return "<?xml version=\"1.0\"?><!DOCTYPE %s [<!ENTITY x SYSTEM \"%s\">]>"
        .formatted(root, file.toUri());
  }

  @ParameterizedTest
  @ValueSource(strings = {"xml", "xhtml", "html", "svg", "fb2"})
  void anEntityOfMarkupIsNotLoaded(String extension) throws IOException {
    String text = doctype("html") + "<html><body><p>before &x; after</p></body></html>";
    assertThat(read("file." + extension, text.getBytes(UTF_8))).doesNotContain(SECRET);
  }

  @Test
  void anEntityOfAnOfficeDocumentIsNotLoaded() throws IOException {
    assertThat(read("file.docx", office(""))).contains("before");
    assertThat(read("file.docx", office(doctype("w:document")))).doesNotContain(SECRET);
  }

  private static byte[] office(String doctype) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
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
          doctype
              + "<w:document xmlns:w="
              + "\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\">"
              + "<w:body><w:p><w:r><w:t>before "
              + (doctype.isEmpty() ? "" : "&x;")
              + " after</w:t></w:r></w:p></w:body></w:document>");
    }
    return bytes.toByteArray();
  }

  private static String read(String name, byte[] bytes) {
    StringBuilder all = new StringBuilder();
    try (DocumentReading reading = Documents.bytes(name, bytes).open()) {
      reading.forEachRemaining(document -> all.append(document));
      all.append(reading.report());
    }
    return all.toString();
  }

  private static void entry(ZipOutputStream zip, String name, String text) throws IOException {
    zip.putNextEntry(new ZipEntry(name));
    zip.write(text.getBytes(UTF_8));
    zip.closeEntry();
  }
}
