package io.adapt4j.rag.document;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What Apache Tika's parsers make of files, as documents. */
class OfficeFilesTest {

  @Test
  void pagesOfAPdfAreCounted() throws IOException {
    byte[] pdf = OfficeFiles.pdf("The title", "First page.\nSecond line.", "Second page.");
    Document document = read("a.pdf", pdf);
    assertThat(document.title()).isEqualTo("The title");
    assertThat(document.text()).isEqualTo("First page.\nSecond line.\n\n\f\n\nSecond page.\n");
    assertThat(document.metadata())
        .contains(
            entry(Document.PAGE_COUNT, 2L),
            entry(Document.MEDIA_TYPE, "application/pdf"),
            entry(Document.STRUCTURE, "text"));
    Pages pages = Pages.of(document);
    int second = document.text().indexOf("Second page");
    assertThat(pages.count()).isEqualTo(2);
    assertThat(pages.first(new Span(0, 5))).isEqualTo(1);
    assertThat(pages.first(new Span(second, second + 6))).isEqualTo(2);
    assertThat(pages.last(new Span(0, second + 1))).isEqualTo(2);
  }

  @Test
  void aPdfIsToldByItsContentWhateverItsName() throws IOException {
    assertThat(read("download", OfficeFiles.pdf("", "Text.")).text()).isEqualTo("Text.\n");
  }

  @Test
  void headingsAndTablesOfAWordFileAreKept() throws IOException {
    Document document = read("a.docx", OfficeFiles.docx("The title", "Returns", "Within 30 days."));
    assertThat(document.title()).isEqualTo("The title");
    assertThat(document.text())
        .isEqualTo(
            "# Returns\n\nWithin 30 days.\n\n| Item | Days |\n| --- | --- |\n| Shoes | 30 |\n");
    assertThat(document.metadata())
        .contains(entry(Document.AUTHOR, "A. Writer"), entry(Document.STRUCTURE, "markdown"));
  }

  @Test
  void slidesArePages() throws IOException {
    Document document = read("a.pptx", OfficeFiles.pptx("First slide", "Second slide"));
    assertThat(document.text()).isEqualTo("First slide\n\n\f\n\nSecond slide\n");
    assertThat(document.metadata()).contains(entry(Document.PAGE_COUNT, 2L));
  }

  @Test
  void sheetsAreTablesUnderTheirNames() throws IOException {
    byte[] xlsx =
        OfficeFiles.xlsx("Prices", new String[] {"Item", "Price"}, new String[] {"Hat", "10"});
    assertThat(read("a.xlsx", xlsx).text())
        .isEqualTo("# Prices\n\n| Item | Price |\n| --- | --- |\n| Hat | 10 |\n");
  }

  @Test
  void anEMailHasItsFieldsAndItsLines() {
    Document document =
        read("a.eml", OfficeFiles.eml("Parcel", "Dear Bob,\r\n\r\nit is\r\nlate.\r\n\r\nAnn"));
    assertThat(document.title()).isEqualTo("Parcel");
    assertThat(document.text()).isEqualTo("Dear Bob,\n\nit is\nlate.\n\nAnn\n");
    assertThat(document.metadata())
        .contains(
            entry(Document.EMAIL_FROM, "Ann <ann@example.org>"),
            entry(Document.EMAIL_TO, "Bob <bob@example.org>"),
            entry(Document.EMAIL_SUBJECT, "Parcel"),
            entry(Document.CREATED, "2026-03-03T10:00:00Z"));
  }

  @Test
  void attachmentsStandUnderTheirNames() throws IOException {
    byte[] attachment = OfficeFiles.docx("T", "Inner", "Inside.");
    Document document =
        read(
            "a.eml",
            OfficeFiles.emlWithAttachment("Terms", "See below.", "terms.docx", attachment));
    assertThat(document.title()).isEqualTo("Terms");
    assertThat(document.text())
        .startsWith("See below.\n\n# terms.docx\n\n# Inner\n\nInside.\n\n| Item | Days |\n");
  }

  @Test
  void attachmentsAreReadNoDeeperThanAllowed() throws IOException {
    byte[] inner = OfficeFiles.eml("Third", "Deepest.");
    for (String body : List.of("Second.", "First.")) {
      inner = OfficeFiles.emlWithAttachment("S", body, "inner.eml", inner);
    }
    ReadingLimits limits = ReadingLimits.standard();
    String[] expected = {"First.", "Second.", "Deepest."};
    for (int depth = 0; depth < expected.length; depth++) {
      String text = read("a.eml", inner, limits.withDepth(depth)).text();
      for (int i = 0; i < expected.length; i++) {
        assertThat(text.contains(expected[i])).as(expected[i] + depth).isEqualTo(i <= depth);
      }
    }
  }

  @Test
  void anOutlookMessageHasItsFields() throws IOException {
    Document document = read("a.msg", OfficeFiles.msg("Parcel", "It is late.\r\nAnn"));
    assertThat(document.title()).isEqualTo("Parcel");
    assertThat(document.text()).endsWith("It is late.\nAnn\n");
    assertThat(document.metadata()).contains(entry(Document.EMAIL_FROM, "Ann Sender"));
  }

  @Test
  void richTextIsRead() {
    String rtf = "{\\rtf1\\ansi Hello \\b bold\\b0  world\\par Second}";
    assertThat(read("a.rtf", rtf.getBytes(UTF_8)).text()).isEqualTo("Hello bold world\n\nSecond\n");
  }

  private static Document read(String name, byte[] bytes) {
    return read(name, bytes, ReadingLimits.standard());
  }

  private static Document read(String name, byte[] bytes, ReadingLimits limits) {
    List<Document> documents = new ArrayList<>();
    ReadingReport report = Documents.bytes(name, bytes).limits(limits).forEach(documents::add);
    assertThat(report.text()).isEqualTo("1 read, 0 failed, 0 skipped\n");
    return documents.get(0);
  }
}
