package io.adapt4j.rag.document;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that LibreOffice wrote ({@code make.sh} beside them), as documents. */
class StoredOfficeFilesTest {

  @ParameterizedTest
  @ValueSource(strings = {"returns.odt", "returns.doc"})
  void headingsParagraphsAndTablesOfTextsAreKept(String name) throws IOException {
    Document document = read(name);
    assertThat(document.text())
        .isEqualTo(
            """
            # Returns

            Shoes may be returned within thirty days.

            The form is in the parcel.

            | Item | Days |
            | --- | --- |
            | Shoes | 30 |
            """);
    assertThat(document.title()).isEqualTo("Returns");
    assertThat(document.metadata()).contains(entry(Document.STRUCTURE, "markdown"));
  }

  @Test
  void anElectronicBookHasWhatItsWriterMadeOfHeadings() throws IOException {
    assertThat(read("returns.epub").text())
        .startsWith("Returns\n\nShoes may be returned")
        .endsWith("| Item | Days |\n| --- | --- |\n| Shoes | 30 |\n");
    assertThat(read("a.epub", OfficeFiles.epub("Returns", "Within 30 days.")).text())
        .isEqualTo("# Returns\n\nWithin 30 days.\n");
  }

  /** Page headers and footers, which these have, are no part of a sheet. */
  @Test
  void sheetsAreTables() throws IOException {
    String table = "| Item | Price |\n| --- | --- |\n| Hat | 10 |\n| Shoes | 42 |\n";
    assertThat(read("prices.xls").text()).isEqualTo("# prices\n\n" + table);
    assertThat(read("prices.ods").text()).isEqualTo(table);
  }

  @Test
  void slidesOfAPresentationAreRead() throws IOException {
    assertThat(read("talk.odp").text()).isEqualTo("First slide\n\nSecond slide\n");
  }

  @Test
  void slidesOfAnOldPresentationAreRead() throws IOException {
    byte[] ppt = OfficeFiles.ppt("First slide", "Second slide");
    assertThat(read("a.ppt", ppt).text()).isEqualTo("First slide\n\n\f\n\nSecond slide\n");
  }

  private static Document read(String name) throws IOException {
    try (InputStream in = StoredOfficeFilesTest.class.getResourceAsStream(name)) {
      return read(name, in.readAllBytes());
    }
  }

  private static Document read(String name, byte[] bytes) {
    List<Document> documents = new ArrayList<>();
    ReadingReport report = Documents.bytes(name, bytes).forEach(documents::add);
    assertThat(report.text()).isEqualTo("1 read, 0 failed, 0 skipped\n");
    return documents.get(0);
  }
}
