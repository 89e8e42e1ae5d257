package io.adapt4j.rag.document;

import org.apache.tika.parser.ParseContext;
import org.apache.tika.parser.microsoft.OfficeParserConfig;
import org.apache.tika.parser.pdf.PDFParserConfig;

/** Options of Tika's parsers, each of which may be absent. */
final class TikaOptions {

  /** Memory limit of a PDF file, beyond which its streams go to temporary files. */
  private static final long PDF_MEMORY = 64L << 20;

  private TikaOptions() {}

  static void set(ParseContext context, String mediaType) {
    try {
      Pdf.set(context);
    } catch (NoClassDefFoundError e) {
      // No PDF parser: reported when such a file is read.
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
      // Headers and footers of sheets are printer codes, such as "Page &P".
      config.setIncludeHeadersAndFooters(!sheets);
      context.set(OfficeParserConfig.class, config);
    }
  }
}
