package io.adapt4j.rag.document;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import org.apache.pdfbox.Loader;
import org.apache.pdfbox.io.MemoryUsageSetting;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.PDPage;
import org.apache.pdfbox.rendering.ImageType;
import org.apache.pdfbox.rendering.PDFRenderer;

/**
 * Pages of PDF files as pictures, and the places of a span on them, to show where a citation
 * stands.
 *
 * <p>Needs {@code org.apache.tika:tika-parser-pdf-module} on the class path, as reading the text
 * does. The limits of {@link ReadingLimits#standard} apply, with 20 seconds. Thread-safe; one file
 * is read at a time.
 */
public final class PdfPages {

  private static final ReadingLimits LIMITS =
      ReadingLimits.standard().withTime(Duration.ofSeconds(20));

  /** Maximum number of pages of a span. */
  private static final int MOST_PAGES = 4;

  /** Maximum number of pixels of a picture. */
  private static final double MOST_PIXELS = 4e6;

  /** Memory limit of a file, beyond which its streams go to temporary files. */
  private static final long MEMORY = 64L << 20;

  private static final TimedCalls CALLS = new TimedCalls();

  private PdfPages() {}

  /** Work on an open file. */
  @FunctionalInterface
  private interface Work<T> {
    T on(PDDocument pdf) throws IOException;
  }

  /**
   * Finds a span on the pages of its file.
   *
   * @param file the file
   * @param document the document read from it by {@link Documents}
   * @param span a span of the document's text
   * @return the pages of the span, at most 4; empty if the document is not a PDF file
   * @throws IOException if the file cannot be read
   */
  public static List<PdfPage> of(Path file, Document document, Span span) throws IOException {
    if (!FileType.PDF.equals(document.metadata().get(Document.MEDIA_TYPE))) {
      return List.of();
    }
    Pages pages = Pages.of(document);
    return read(
        file,
        pdf -> {
          List<PdfPage> found = new ArrayList<>();
          int first = pages.first(span);
          int last = Math.min(pages.last(span), first + MOST_PAGES - 1);
          // Attached documents come after the last page.
          for (int number = first; number <= Math.min(last, pdf.getNumberOfPages()); number++) {
            found.add(page(pdf, number, pages.span(number, document.text()), document, span));
          }
          return found;
        });
  }

  private static PdfPage page(PDDocument pdf, int number, Span page, Document document, Span span)
      throws IOException {
    Span within = new Span(Math.max(page.start(), span.start()), Math.min(page.end(), span.end()));
    PdfGlyphs glyphs = PdfGlyphs.of(pdf, number);
    return new PdfPage(
        number,
        glyphs.width(),
        glyphs.height(),
        glyphs.boxes(
            document.text().substring(page.start(), within.start()), within.of(document.text())));
  }

  /**
   * Draws a page.
   *
   * @param file the file
   * @param number the page's number, from 1
   * @param width width of the picture in pixels; less if it had more than 4 million pixels
   * @return a PNG file
   * @throws IOException if the file cannot be read
   * @throws IllegalArgumentException if there is no such page, or the width is below 1
   */
  public static byte[] png(Path file, int number, int width) throws IOException {
    if (number < 1 || width < 1) {
      throw new IllegalArgumentException(
          "number and width: expected 1 or more, found %s and %s".formatted(number, width));
    }
    return read(file, pdf -> drawn(pdf, number, width));
  }

  private static byte[] drawn(PDDocument pdf, int number, int width) throws IOException {
    if (number > pdf.getNumberOfPages()) {
      throw new IOException(
          "number: expected 1 to %s, found %s".formatted(pdf.getNumberOfPages(), number));
    }
    PDPage page = pdf.getPage(number - 1);
    double wide = PdfGlyphs.width(page);
    double scale = Math.min(width / wide, Math.sqrt(MOST_PIXELS / wide / PdfGlyphs.height(page)));
    PDFRenderer renderer = new PDFRenderer(pdf);
    // Reads large pictures only as finely as they are drawn.
    renderer.setSubsamplingAllowed(true);
    BufferedImage image = renderer.renderImage(number - 1, (float) scale, ImageType.RGB);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
      ImageIO.write(image, "png", out);
    }
    return bytes.toByteArray();
  }

  private static synchronized <T> T read(Path file, Work<T> work) throws IOException {
    try {
      return CALLS.call(() -> opened(file, work), LIMITS.time());
    } catch (Unreadable e) {
      throw new IOException(file.getFileName() + " " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("Interrupted while " + file.getFileName() + " was read", e);
    } finally {
      CALLS.close();
    }
  }

  private static <T> T opened(Path file, Work<T> work) throws IOException, Unreadable {
    byte[] bytes;
    try (InputStream in = Files.newInputStream(file)) {
      bytes = in.readNBytes(Math.toIntExact(LIMITS.bytes()));
    }
    ZipBombGuard.check(bytes, LIMITS.inflatedBytes());
    try (PDDocument pdf =
        Loader.loadPDF(bytes, "", null, null, MemoryUsageSetting.setupMixed(MEMORY).streamCache)) {
      return work.on(pdf);
    }
  }
}
