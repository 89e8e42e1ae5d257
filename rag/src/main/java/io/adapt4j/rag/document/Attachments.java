package io.adapt4j.rag.document;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import org.apache.tika.detect.Detector;
import org.apache.tika.extractor.EmbeddedDocumentExtractor;
import org.apache.tika.extractor.ParsingEmbeddedDocumentExtractor;
import org.apache.tika.io.TemporaryResources;
import org.apache.tika.io.TikaInputStream;
import org.apache.tika.metadata.Metadata;
import org.apache.tika.metadata.TikaCoreProperties;
import org.apache.tika.parser.AutoDetectParser;
import org.apache.tika.parser.ParseContext;
import org.apache.tika.parser.Parser;
import org.xml.sax.ContentHandler;
import org.xml.sax.SAXException;

/** Extractor of embedded documents, up to the allowed depth, and only of supported formats. */
final class Attachments implements EmbeddedDocumentExtractor {

  private static final int MOST = 1000;

  private final ParsingEmbeddedDocumentExtractor parsing;
  private final Detector detector;
  private final ReadingLimits limits;
  private int depth;
  private int count;

  Attachments(ParseContext context, ReadingLimits limits) {
    parsing = new ParsingEmbeddedDocumentExtractor(context);
    detector = ((AutoDetectParser) context.get(Parser.class)).getDetector();
    this.limits = limits;
  }

  @Override
  public boolean shouldParseEmbedded(Metadata metadata) {
    return depth < limits.depth() && count < MOST && !isInline(metadata);
  }

  private static boolean isInline(Metadata metadata) {
    return TikaCoreProperties.EmbeddedResourceType.INLINE
        .toString()
        .equals(metadata.get(TikaCoreProperties.EMBEDDED_RESOURCE_TYPE));
  }

  @Override
  public void parseEmbedded(
      InputStream stream, ContentHandler handler, Metadata metadata, boolean outputHtml)
      throws SAXException, IOException {
    try (TemporaryResources temporary = new TemporaryResources()) {
      TikaInputStream bytes = TikaInputStream.get(stream, temporary, metadata);
      if (!isDocument(bytes, metadata)) {
        return;
      }
      count++;
      depth++;
      try {
        parsing.parseEmbedded(bytes, handler, metadata, true);
      } finally {
        depth--;
      }
    }
  }

  private boolean isDocument(TikaInputStream stream, Metadata metadata) throws IOException {
    String type = detector.detect(stream, metadata).getBaseType().toString();
    if (type.startsWith("text/")) {
      return true;
    }
    if (!FileType.isOffice(type) || Files.size(stream.getPath()) > limits.bytes()) {
      return false;
    }
    try {
      ZipBombGuard.check(Files.readAllBytes(stream.getPath()), limits.inflatedBytes());
      return true;
    } catch (Unreadable e) {
      return false;
    }
  }
}
