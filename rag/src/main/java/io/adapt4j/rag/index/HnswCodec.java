package io.adapt4j.rag.index;

import java.io.IOException;
import org.apache.lucene.codecs.KnnVectorsFormat;
import org.apache.lucene.codecs.KnnVectorsReader;
import org.apache.lucene.codecs.KnnVectorsWriter;
import org.apache.lucene.codecs.lucene912.Lucene912Codec;
import org.apache.lucene.codecs.lucene99.Lucene99HnswScalarQuantizedVectorsFormat;
import org.apache.lucene.codecs.lucene99.Lucene99HnswVectorsFormat;
import org.apache.lucene.index.SegmentReadState;
import org.apache.lucene.index.SegmentWriteState;

/** Lucene's codec with configurable HNSW parameters. Its files are readable by any Lucene 9.12. */
final class HnswCodec extends Lucene912Codec {

  private final KnnVectorsFormat vectors;

  HnswCodec(Quantization quantization, int links, int buildBeam) {
    this.vectors = new AnyDimension(format(quantization, links, buildBeam));
  }

  private static KnnVectorsFormat format(Quantization quantization, int links, int buildBeam) {
    return switch (quantization) {
      case NONE -> new Lucene99HnswVectorsFormat(links, buildBeam);
      case INT7 -> quantized(links, buildBeam, 7);
      case INT4 -> quantized(links, buildBeam, 4);
    };
  }

  private static KnnVectorsFormat quantized(int links, int buildBeam, int bits) {
    return new Lucene99HnswScalarQuantizedVectorsFormat(
        links, buildBeam, 1, bits, bits == 4, null, null);
  }

  @Override
  public KnnVectorsFormat getKnnVectorsFormatForField(String field) {
    return vectors;
  }

  /** The format without its limit of 1024 dimensions, which larger embedding models exceed. */
  private static final class AnyDimension extends KnnVectorsFormat {
    private static final int MOST = 8192;

    private final KnnVectorsFormat format;

    AnyDimension(KnnVectorsFormat format) {
      super(format.getName());
      this.format = format;
    }

    @Override
    public KnnVectorsWriter fieldsWriter(SegmentWriteState state) throws IOException {
      return format.fieldsWriter(state);
    }

    @Override
    public KnnVectorsReader fieldsReader(SegmentReadState state) throws IOException {
      return format.fieldsReader(state);
    }

    @Override
    public int getMaxDimensions(String field) {
      return MOST;
    }
  }
}
