package io.adapt4j.verification.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.base.Suppliers;
import io.adapt4j.rag.document.DocumentReading;
import io.adapt4j.rag.document.Documents;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Readers of documents. Of formats that are zip archives, {@code document-docx-parts} and its like
 * replace a file within the archive, which damage to compressed bytes hardly reaches.
 */
final class DocumentTargets {

  private static final String PDF =
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
      """;

  private static final String RTF =
      """
      {\\rtf1\\ansi{\\fonttbl{\\f0 Times;}}{\\info{\\title T}}\\f0\\b Bold\\b0\\par \\'e9\\u8364?\\par
      \\trowd\\cellx99 a\\cell b\\cell\\row}
      """;

  private static final String MAIL =
      """
      From: a@b.c
      Subject: =?utf-8?B?w6k=?=
      MIME-Version: 1.0
      Content-Type: multipart/mixed; boundary=x

      --x
      Content-Type: text/html; charset=utf-8
      Content-Transfer-Encoding: quoted-printable

      <p>caf=C3=A9</p>
      --x
      Content-Type: text/plain
      Content-Disposition: attachment; filename="a.txt"
      Content-Transfer-Encoding: base64

      aGVsbG8=
      --x--
      """;

  private DocumentTargets() {}

  static List<FuzzTarget> all() {
    List<FuzzTarget> all = new ArrayList<>();
    all.add(text("md", "---\ntitle: T\n---\n# A\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"));
    all.add(text("html", "<html><body><h1>A</h1><p>b<table><tr><td>c</table>"));
    all.add(text("java", "class A { int b = 1; }"));
    all.add(text("rtf", RTF));
    all.add(text("eml", "From: a@b.c\r\nSubject: s\r\n\r\nbody\r\n", MAIL.replace("\n", "\r\n")));
    all.add(document("pdf", () -> List.of(PDF.getBytes(UTF_8), stored("a.pdf"))));
    Stream.of("a.docx", "returns.doc", "a.ppt", "prices.xls", "a.msg")
        .forEach(name -> all.add(document(extension(name), () -> List.of(stored(name)))));
    Stream.of("a.docx", "a.pptx", "a.xlsx", "returns.odt", "talk.odp", "prices.ods", "returns.epub")
        .forEach(name -> all.add(parts(name)));
    return all;
  }

  private static FuzzTarget text(String extension, String... seeds) {
    return document(extension, () -> Stream.of(seeds).map(seed -> seed.getBytes(UTF_8)).toList());
  }

  private static FuzzTarget document(String extension, Supplier<List<byte[]>> seeds) {
    return new FuzzTarget("document-" + extension, seeds, bytes -> read(extension, bytes));
  }

  private static FuzzTarget parts(String name) {
    Supplier<Parts> parts = Suppliers.memoize(() -> Parts.ofZip(stored(name)));
    String extension = extension(name);
    return new FuzzTarget(
        "document-" + extension + "-parts",
        () -> parts.get().seeds(),
        bytes -> read(extension, parts.get().zipWith(bytes)));
  }

  private static void read(String extension, byte[] bytes) throws IOException {
    try (DocumentReading reading = Documents.bytes("file." + extension, bytes).open()) {
      reading.forEachRemaining(document -> Objects.requireNonNull(document.text()));
      if (!reading.report().failed().isEmpty()) {
        throw new IOException(reading.report().failed().toString());
      }
    }
  }

  private static byte[] stored(String name) {
    return Stored.seed("documents/" + name);
  }

  private static String extension(String name) {
    return name.substring(name.lastIndexOf('.') + 1);
  }
}
