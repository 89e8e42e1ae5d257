package io.adapt4j.rag.internal.pdf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.document.DocumentReading;
import io.adapt4j.rag.document.Documents;
import io.adapt4j.rag.document.Span;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.PDPage;
import org.apache.pdfbox.pdmodel.PDPageContentStream;
import org.apache.pdfbox.pdmodel.common.PDRectangle;
import org.apache.pdfbox.pdmodel.font.PDType1Font;
import org.apache.pdfbox.pdmodel.font.Standard14Fonts;
import org.apache.pdfbox.util.Matrix;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PdfPagesTest {

  private static final PDType1Font FONT =
      new PDType1Font(Standard14Fonts.FontName.HELVETICA_OBLIQUE);

  private static final String CITED = "Ärgerliche (jfgy) Repairs take ten days.";

  @TempDir private Path folder;
  private Path file;

  @BeforeEach
  void name() {
    file = folder.resolve("columns.pdf");
  }

  /**
   * Two columns of black lines a page, the second begun with the cited sentence, in red; the first
   * has the same in black.
   */
  private void write(int rotation, int pages) throws IOException {
    try (PDDocument pdf = new PDDocument()) {
      for (int i = 0; i < pages; i++) {
        PDPage page = new PDPage(PDRectangle.A4);
        page.setCropBox(new PDRectangle(30, 20, 500, 800));
        page.setRotation(rotation);
        pdf.addPage(page);
        try (PDPageContentStream out = new PDPageContentStream(pdf, page)) {
          out.transform(upright(rotation));
          column(out, 60, Color.BLACK);
          column(out, 300, Color.RED);
        }
      }
      pdf.save(file.toFile());
    }
  }

  /** Turns what is drawn against the rotation of the page, as scanners and landscape pages do. */
  private static Matrix upright(int rotation) {
    return switch (rotation) {
      case 90 -> new Matrix(0, 1, -1, 0, 530, 20);
      case 180 -> new Matrix(-1, 0, 0, -1, 530, 820);
      case 270 -> new Matrix(0, -1, 1, 0, 30, 820);
      default -> new Matrix(1, 0, 0, 1, 30, 20);
    };
  }

  private static void column(PDPageContentStream out, int x, Color cited) throws IOException {
    String[] lines = {
      "# Once there was", "a shop. Ärgerliche (jfgy)", "Repairs take ten days. Then", "we call."
    };
    for (int i = 0; i < lines.length; i++) {
      out.beginText();
      out.setFont(FONT, 14);
      out.newLineAtOffset(x, 400 - 18 * i);
      for (String part : lines[i].split("(?=Ärg)|(?<=days\\.)", -1)) {
        boolean red = part.startsWith("Ärg") || part.startsWith("Repairs");
        out.setNonStrokingColor(red ? cited : Color.BLACK);
        out.showText(part);
      }
      out.endText();
    }
  }

  private Document read() throws IOException {
    try (DocumentReading reading = Documents.files(file).open()) {
      return reading.next();
    }
  }

  /** The last place of the sentence, whose words are on several lines. */
  private static Span cited(Document document) {
    Matcher found =
        Pattern.compile(CITED.replaceAll("[().]", "\\\\$0").replace(" ", "\\s+"))
            .matcher(document.text());
    Span last = new Span(0, 0);
    while (found.find()) {
      last = new Span(found.start(), found.end());
    }
    assertThat(last.length()).isPositive();
    return last;
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 90, 180, 270})
  void boxesCoverTheCitedGlyphsAndNoOthers(int rotation) throws IOException {
    write(rotation, 1);
    Document document = read();

    List<PdfPage> pages = PdfPages.of(file, document, cited(document));

    assertThat(pages).hasSize(1);
    PdfPage page = pages.get(0);
    assertThat(page.boxes()).hasSize(2);
    BufferedImage image = image(PdfPages.png(file, 1, 1000));
    double scale = image.getWidth() / page.width();
    assertThat(image.getHeight() / page.height()).isCloseTo(scale, within(0.01));
    int red = 0;
    int black = 0;
    for (int y = 0; y < image.getHeight(); y++) {
      for (int x = 0; x < image.getWidth(); x++) {
        Color color = new Color(image.getRGB(x, y));
        boolean lit = isLit(page, (x + 0.5) / scale, (y + 0.5) / scale);
        if (color.getRed() - color.getGreen() > 60) {
          assertThat(lit).as("red at %s, %s", x, y).isTrue();
          red++;
        } else if (color.getRed() < 128 && lit) {
          black++;
        }
      }
    }
    assertThat(red).isGreaterThan(500);
    assertThat(black).isLessThan(red / 50);
  }

  private static boolean isLit(PdfPage page, double x, double y) {
    return page.boxes().stream()
        .anyMatch(
            box ->
                x >= box.x()
                    && x <= box.x() + box.width()
                    && y >= box.y()
                    && y <= box.y() + box.height());
  }

  private static BufferedImage image(byte[] png) throws IOException {
    return ImageIO.read(new ByteArrayInputStream(png));
  }

  @Test
  void aSpanOfTwoPagesHasBoxesOnBoth() throws IOException {
    write(0, 2);
    Document document = read();
    int end = document.text().length();

    List<PdfPage> pages = PdfPages.of(file, document, new Span(end / 2 - 20, end));

    assertThat(pages).extracting(PdfPage::number).containsExactly(1, 2);
    assertThat(pages.get(0).boxes()).hasSizeBetween(1, 2);
    assertThat(pages.get(1).boxes()).hasSize(8);
  }

  @Test
  void aPassageThatIsNotThereHasNoBoxes() throws IOException {
    write(0, 1);
    Document document = read();
    String other = document.text().replace("Repairs", "Returns");
    Document changed = new Document("x", "", other, document.metadata());

    assertThat(PdfPages.of(file, changed, cited(document)).get(0).boxes()).isEmpty();
    // Elsewhere on the page it is found, if only once.
    int call = other.lastIndexOf("was");
    Span twice = new Span(call, call + 3);
    assertThat(PdfPages.of(file, changed, twice).get(0).boxes()).isEmpty();
    assertThat(PdfPages.of(file, Document.of("x", other), twice)).isEmpty();
  }

  @Test
  void picturesAreBounded() throws IOException {
    try (PDDocument pdf = new PDDocument()) {
      pdf.addPage(new PDPage(new PDRectangle(100, 10_000)));
      pdf.save(file.toFile());
    }

    BufferedImage image = image(PdfPages.png(file, 1, 2000));

    assertThat(image.getWidth() * image.getHeight()).isBetween(3_900_000, 4_000_000);
    assertThatIOException()
        .isThrownBy(() -> PdfPages.png(file, 2, 100))
        .withMessageContaining("columns.pdf");
  }
}
