package io.adapt4j.rag.document;

import org.apache.tika.parser.ParseContext;
import org.apache.tika.parser.microsoft.OfficeParserConfig;
import org.apache.tika.parser.pdf.PDFParserConfig;

/** Options of Tika's parsers, each of which may be there or not. */
final class TikaOptions {

  /** What a PDF file may take before its streams go to temporary files. */
  private static final long PDF_MEMORY = 64L << 20;

  private TikaOptions() {}

  /** Sets the options for a file. */
  static void set(ParseContext context, String mediaType) {
    try {
      Pdf.set(context);
    } catch (NoClassDefFoundError e) {
      // No parser of PDF files: the need for one is told when such a file comes.
    }
    try {
      Office.set(context, FileType.isSheets(mediaType));
    } catch (NoClassDefFoundError e) {
      // The same for office files.
    }
  }

  private static final class Pdf {
    static void set(ParseContext context) {
      PDFParserConfig config = new PDFParserConfig();
      config.setOcrStrategy(PDFParserConfig.OCR_STRATEGY.NO_OCR);
      config.setExtractInlineImages(false);
      config.setMaxMainMemoryBytes(PDF_MEMORY);
      context.set(PDFParserConfig.class, config);
    }
  }

  private static final class Office {
    static void set(ParseContext context, boolean sheets) {
      OfficeParserConfig config = new OfficeParserConfig();
      config.setUseSAXDocxExtractor(true);
      config.setUseSAXPptxExtractor(true);
      config.setExtractMacros(false);
      // Those of sheets are codes for the printer, such as "Page &P".
      config.setIncludeHeadersAndFooters(!sheets);
      context.set(OfficeParserConfig.class, config);
    }
  }
}
