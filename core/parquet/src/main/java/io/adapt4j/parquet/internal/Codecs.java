package io.adapt4j.parquet.internal;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.EnumSet;
import java.util.Set;
import java.util.zip.GZIPInputStream;
import org.apache.parquet.bytes.ByteBufferInputStream;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.compression.CompressionCodecFactory;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.hadoop.CodecFactory;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;

/** Decompresses pages. Uses Java's gzip, since Parquet's own needs Hadoop. */
final class Codecs implements CompressionCodecFactory {

  private static final Set<CompressionCodecName> OF_PARQUET =
      EnumSet.of(
          CompressionCodecName.UNCOMPRESSED,
          CompressionCodecName.SNAPPY,
          CompressionCodecName.ZSTD);

  private final CodecFactory parquet = new CodecFactory(new PlainParquetConfiguration(), 1 << 16);

  @Override
  public BytesInputCompressor getCompressor(CompressionCodecName codec) {
    throw new UnsupportedOperationException("files are only read");
  }

  @Override
  public BytesInputDecompressor getDecompressor(CompressionCodecName codec) {
    if (codec == CompressionCodecName.GZIP) {
      return new Gunzip();
    }
    if (!OF_PARQUET.contains(codec)) {
      throw new UnsupportedOperationException(
          "compression %s is not supported; write the file with one of %s or GZIP"
              .formatted(codec, OF_PARQUET));
    }
    return parquet.getDecompressor(codec);
  }

  @Override
  public void release() {
    parquet.release();
  }

  private static final class Gunzip implements BytesInputDecompressor {

    @Override
    public BytesInput decompress(BytesInput bytes, int size) throws IOException {
      return BytesInput.from(unpacked(bytes.toInputStream(), size));
    }

    @Override
    public void decompress(ByteBuffer in, int packedSize, ByteBuffer out, int size)
        throws IOException {
      ByteBuffer packed = in.slice();
      packed.limit(packedSize);
      out.put(unpacked(ByteBufferInputStream.wrap(packed), size));
      in.position(in.position() + packedSize);
    }

    private static byte[] unpacked(InputStream packed, int size) throws IOException {
      try (InputStream in = new GZIPInputStream(packed)) {
        byte[] bytes = in.readNBytes(size);
        if (bytes.length < size) {
          throw new IOException("expected " + size + " bytes of a page, found " + bytes.length);
        }
        return bytes;
      }
    }

    @Override
    public void release() {
      // Nothing to release.
    }
  }
}
