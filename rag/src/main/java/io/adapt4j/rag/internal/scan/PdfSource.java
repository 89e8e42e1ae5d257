package io.adapt4j.rag.internal.scan;

import java.io.IOException;
import org.apache.pdfbox.Loader;
import org.apache.pdfbox.io.MemoryUsageSetting;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.common.PDRectangle;
import org.apache.pdfbox.rendering.ImageType;
import org.apache.pdfbox.rendering.PDFRenderer;

/** The pages of a PDF file, drawn at 144 pixels an inch. */
public final class PdfSource implements PageSource {

  /** Memory limit of a file, beyond which its streams go to temporary files. */
  private static final long MEMORY = 64L << 20;

  /** Pixels for each point of 1/72 inch. */
  private static final double SCALE = 2;

  /** Opens a file, closed by the caller. */
  public static PDDocument open(byte[] bytes) throws IOException {
    return Loader.loadPDF(bytes, "", null, null, MemoryUsageSetting.setupMixed(MEMORY).streamCache);
  }

  private final byte[] bytes;

  /** Creates a source. The bytes are not copied. */
  public PdfSource(byte[] bytes) {
    this.bytes = bytes;
  }

  @Override
  public int count() throws IOException {
    try (PDDocument pdf = open(bytes)) {
      return pdf.getNumberOfPages();
    }
  }

  @Override
  public byte[] png(int index, int mostPixels) throws IOException {
    try (PDDocument pdf = open(bytes)) {
      PDRectangle box = pdf.getPage(index).getCropBox();
      double most = Math.sqrt(mostPixels / ((double) box.getWidth() * box.getHeight()));
      PDFRenderer renderer = new PDFRenderer(pdf);
      // Reads large pictures only as finely as they are drawn.
      renderer.setSubsamplingAllowed(true);
      return PagePng.encode(
          renderer.renderImage(index, (float) Math.min(SCALE, most), ImageType.RGB), mostPixels);
    }
  }
}
