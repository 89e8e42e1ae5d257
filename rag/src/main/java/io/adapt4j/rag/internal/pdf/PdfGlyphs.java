package io.adapt4j.rag.internal.pdf;

import java.awt.geom.AffineTransform;
import java.awt.geom.Rectangle2D;
import java.io.IOException;
import java.io.Writer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.PDPage;
import org.apache.pdfbox.pdmodel.common.PDRectangle;
import org.apache.pdfbox.pdmodel.font.PDFont;
import org.apache.pdfbox.pdmodel.font.PDType3Font;
import org.apache.pdfbox.text.PDFTextStripper;
import org.apache.pdfbox.text.TextPosition;
import org.apache.pdfbox.util.Vector;
import org.apache.tika.parser.pdf.PDFParserConfig;

/**
 * Characters of a page with their places, blanks left out. Extracted as Tika does it, so that they
 * are those of the document's text, which may only have other blanks.
 */
final class PdfGlyphs extends PDFTextStripper {

  /** Stands in a text for a character that XML or UTF-16 does not allow. */
  private static final char REPLACEMENT = '\uFFFD';

  private final PDPage page;
  private final StringBuilder text = new StringBuilder();
  private final List<Rectangle2D> places = new ArrayList<>();

  private PdfGlyphs(PDPage page, PDFParserConfig config) {
    this.page = page;
    setSortByPosition(config.isSortByPosition());
    setSuppressDuplicateOverlappingText(config.isSuppressDuplicateOverlappingText());
  }

  /** Reads a page, numbered from 1. */
  static PdfGlyphs of(PDDocument pdf, int number) throws IOException {
    PdfGlyphs glyphs = new PdfGlyphs(pdf.getPage(number - 1), new PDFParserConfig());
    glyphs.setStartPage(number);
    glyphs.setEndPage(number);
    glyphs.writeText(pdf, Writer.nullWriter());
    return glyphs;
  }

  private static boolean isTurned(PDPage page) {
    return page.getRotation() % 180 != 0;
  }

  static double width(PDPage page) {
    return isTurned(page) ? page.getCropBox().getHeight() : page.getCropBox().getWidth();
  }

  static double height(PDPage page) {
    return isTurned(page) ? page.getCropBox().getWidth() : page.getCropBox().getHeight();
  }

  double width() {
    return width(page);
  }

  double height() {
    return height(page);
  }

  @Override
  protected void writeString(String word, List<TextPosition> positions) throws IOException {
    String glyphs = positions.stream().map(TextPosition::getUnicode).collect(Collectors.joining());
    List<Rectangle2D> boxes = new ArrayList<>();
    for (TextPosition each : positions) {
      Rectangle2D place = place(each);
      each.getUnicode().chars().forEach(letter -> boxes.add(place));
    }
    // Right-to-left words and ligatures are written otherwise than drawn: they are lit whole.
    Rectangle2D whole =
        boxes.stream().reduce(Rectangle2D::createUnion).orElseGet(Rectangle2D.Double::new);
    for (int i = 0; i < word.length(); i++) {
      if (!isBlank(word.charAt(i))) {
        text.append(word.charAt(i));
        places.add(word.equals(glyphs) ? boxes.get(i) : whole);
      }
    }
  }

  private Rectangle2D place(TextPosition position) throws IOException {
    PDFont font = position.getFont();
    Vector advance = font.getDisplacement(position.getCharacterCodes()[0]);
    double low = -0.25;
    double high = 1;
    if (!(font instanceof PDType3Font) && font.getBoundingBox() != null) {
      low = Math.min(-0.15, Math.max(-0.3, font.getBoundingBox().getLowerLeftY() / 1000.0));
      high = Math.max(0.75, Math.min(1, font.getBoundingBox().getUpperRightY() / 1000.0));
    }
    // Vertical text advances downwards.
    double wide = advance.getX() == 0 ? 1 : advance.getX();
    Rectangle2D em = new Rectangle2D.Double(0, low, wide, high - low);
    AffineTransform shown = shown();
    shown.concatenate(position.getTextMatrix().createAffineTransform());
    return shown.createTransformedShape(em).getBounds2D();
  }

  /** Returns the transformation from the page's coordinates, which begin at the lower left. */
  private AffineTransform shown() {
    PDRectangle box = page.getCropBox();
    return switch (page.getRotation()) {
      case 90 -> new AffineTransform(0, 1, 1, 0, 0, 0);
      case 180 -> new AffineTransform(-1, 0, 0, 1, box.getWidth(), 0);
      case 270 -> new AffineTransform(0, -1, -1, 0, box.getHeight(), box.getWidth());
      default -> new AffineTransform(1, 0, 0, -1, 0, box.getHeight());
    };
  }

  private static boolean isBlank(char letter) {
    return Character.isWhitespace(letter) || Character.isSpaceChar(letter) || letter == '\0';
  }

  private static String withoutBlanks(String written) {
    StringBuilder letters = new StringBuilder();
    written
        .chars()
        .filter(each -> !isBlank((char) each))
        .forEach(each -> letters.append((char) each));
    return letters.toString();
  }

  /** Returns the lines of a passage, given the page's text before it; none if it is not there. */
  List<PdfPage.Box> boxes(String before, String passage) {
    int from = end(0, withoutBlanks(before));
    String cited = withoutBlanks(passage);
    int to = from < 0 ? -1 : end(from, cited);
    if (to < 0) {
      from = text.indexOf(cited);
      to = text.indexOf(cited, from + 1) < 0 ? from + cited.length() : from;
    }
    return from < 0 ? List.of() : lines(places.subList(from, to));
  }

  /** Returns where some letters end that begin at a place; -1 if others stand there. */
  private int end(int from, String letters) {
    int at = from;
    for (int i = 0; i < letters.length(); i++) {
      char letter = letters.charAt(i);
      boolean same = at < text.length() && (letter == text.charAt(at) || letter == REPLACEMENT);
      if (same) {
        at++;
      } else if (letter != '\\') {
        // A backslash may keep what follows from being Markdown.
        return -1;
      }
    }
    return at;
  }

  private List<PdfPage.Box> lines(List<Rectangle2D> glyphs) {
    List<Rectangle2D> lines = new ArrayList<>();
    for (Rectangle2D glyph : glyphs) {
      int last = lines.size() - 1;
      if (last >= 0 && isNext(lines.get(last), glyph)) {
        lines.set(last, lines.get(last).createUnion(glyph));
      } else {
        lines.add(glyph);
      }
    }
    Rectangle2D whole = new Rectangle2D.Double(0, 0, width(), height());
    return lines.stream()
        .map(PdfGlyphs::wider)
        .filter(whole::intersects)
        .map(whole::createIntersection)
        .map(box -> new PdfPage.Box(box.getX(), box.getY(), box.getWidth(), box.getHeight()))
        .toList();
  }

  /** Returns whether a glyph is on a line and no farther from its end than a column would be. */
  private static boolean isNext(Rectangle2D line, Rectangle2D glyph) {
    double common = Math.min(line.getMaxY(), glyph.getMaxY()) - Math.max(line.getY(), glyph.getY());
    double gap = Math.max(glyph.getX() - line.getMaxX(), line.getX() - glyph.getMaxX());
    return common > Math.min(line.getHeight(), glyph.getHeight()) / 2 && gap < line.getHeight();
  }

  /** Slanted letters reach beyond their advance. */
  private static Rectangle2D wider(Rectangle2D line) {
    double by = Math.min(2, line.getHeight() / 8);
    return new Rectangle2D.Double(
        line.getX() - by, line.getY(), line.getWidth() + 2 * by, line.getHeight());
  }
}
