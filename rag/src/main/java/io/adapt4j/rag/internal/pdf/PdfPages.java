package io.adapt4j.rag.internal.pdf;

import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.document.Documents;
import io.adapt4j.rag.document.PageBox;
import io.adapt4j.rag.document.Pages;
import io.adapt4j.rag.document.ReadingLimits;
import io.adapt4j.rag.document.Span;
import io.adapt4j.rag.internal.scan.PagePng;
import io.adapt4j.rag.internal.scan.PdfSource;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.PDPage;
import org.apache.pdfbox.rendering.ImageType;
import org.apache.pdfbox.rendering.PDFRenderer;

/**
 * Pages of PDF files as pictures, and the places of a span on them, to show where a citation
 * stands.
 *
 * <p>Needs Tika's PDF module on the class path, as reading the text does. For files that {@link
 * Documents} has read, and so found to be within its limits. Thread-safe.
 */
public final class PdfPages {

  private static final long MOST_BYTES = ReadingLimits.standard().bytes();
  private static final int SECONDS = 20;

  /** Maximum number of pages of a span. */
  private static final int MOST_PAGES = 4;

  /** Maximum number of pixels of a picture. */
  private static final double MOST_PIXELS = 4e6;

  /** Concurrent work, including work that exceeded its time: Java cannot stop it. */
  private static final Semaphore WORKING = new Semaphore(2);

  private PdfPages() {}

  /** Work on an open file. */
  @FunctionalInterface
  private interface Work<T> {
    T on(PDDocument pdf) throws IOException;
  }

  /**
   * Finds a span of a document's text on at most 4 pages of the file that the document was read
   * from. There are none if it is not a PDF file.
   */
  public static List<PdfPage> of(Path file, Document document, Span span) throws IOException {
    if (!"application/pdf".equals(document.metadata().get(Document.MEDIA_TYPE))) {
      return List.of();
    }
    int first = Pages.of(document).first(span);
    List<PageBox> places = Pages.of(document).boxes(span);
    return read(file, pdf -> pages(pdf, document.text(), span, first, places));
  }

  private static List<PdfPage> pages(
      PDDocument pdf, String text, Span span, int first, List<PageBox> places) throws IOException {
    List<PdfPage> pages = new ArrayList<>();
    int start = text.lastIndexOf('\f', span.start() - 1) + 1;
    // Attached documents come after the last page.
    int last = Math.min(first + MOST_PAGES - 1, pdf.getNumberOfPages());
    for (int number = first; number <= last && start < span.end(); number++) {
      int end = text.indexOf('\f', start) < 0 ? text.length() : text.indexOf('\f', start);
      int from = Math.max(start, span.start());
      PdfGlyphs glyphs = PdfGlyphs.of(pdf, number);
      List<PdfPage.Box> boxes = scanned(places, number, glyphs);
      if (boxes.isEmpty()) {
        String passage = text.substring(from, Math.min(end, span.end()));
        boxes = glyphs.boxes(text.substring(start, from), passage);
      }
      pages.add(new PdfPage(number, glyphs.width(), glyphs.height(), boxes));
      start = end + 1;
    }
    return pages;
  }

  /** Returns places stated by a reader of scans, in points. */
  private static List<PdfPage.Box> scanned(List<PageBox> places, int number, PdfGlyphs page) {
    return places.stream()
        .filter(box -> box.page() == number)
        .map(
            box ->
                new PdfPage.Box(
                    box.left() * page.width(),
                    box.top() * page.height(),
                    (box.right() - box.left()) * page.width(),
                    (box.bottom() - box.top()) * page.height()))
        .toList();
  }

  /**
   * Draws a page as PNG.
   *
   * @param width width in pixels; less if the picture had more than 4 million
   */
  public static byte[] png(Path file, int number, int width) throws IOException {
    return read(file, pdf -> drawn(pdf, number, width));
  }

  private static byte[] drawn(PDDocument pdf, int number, int width) throws IOException {
    if (number < 1 || number > pdf.getNumberOfPages()) {
      throw new IOException(
          "page: expected 1 to %s, found %s".formatted(pdf.getNumberOfPages(), number));
    }
    PDPage page = pdf.getPage(number - 1);
    double wide = PdfGlyphs.width(page);
    double scale = Math.min(width / wide, Math.sqrt(MOST_PIXELS / wide / PdfGlyphs.height(page)));
    PDFRenderer renderer = new PDFRenderer(pdf);
    // Reads large pictures only as finely as they are drawn.
    renderer.setSubsamplingAllowed(true);
    BufferedImage image = renderer.renderImage(number - 1, (float) scale, ImageType.RGB);
    return PagePng.encode(image);
  }

  private static <T> T read(Path file, Work<T> work) throws IOException {
    FutureTask<T> task = new FutureTask<>(() -> opened(file, work));
    try {
      if (!WORKING.tryAcquire(SECONDS, TimeUnit.SECONDS)) {
        throw new IOException(file.getFileName() + " was not tried: other files take too long");
      }
      start(task);
      return task.get(SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      task.cancel(true);
      throw new IOException(file.getFileName() + " took longer than " + SECONDS + " s", e);
    } catch (ExecutionException e) {
      throw new IOException(file.getFileName() + ": " + e.getCause(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("Interrupted while " + file.getFileName() + " was read", e);
    }
  }

  private static void start(FutureTask<?> task) {
    Thread thread =
        new Thread(
            () -> {
              try {
                task.run();
              } finally {
                WORKING.release();
              }
            },
            "adapt4j-pages");
    thread.setDaemon(true);
    thread.start();
  }

  private static <T> T opened(Path file, Work<T> work) throws IOException {
    byte[] bytes;
    try (InputStream in = Files.newInputStream(file)) {
      bytes = in.readNBytes(Math.toIntExact(MOST_BYTES));
    }
    try (PDDocument pdf = PdfSource.open(bytes)) {
      return work.on(pdf);
    }
  }
}
