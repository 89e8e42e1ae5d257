package io.adapt4j.vision.internal;

import io.adapt4j.core.internal.checkpoint.SafetensorsFile;
import io.adapt4j.core.internal.checkpoint.TensorEntry;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/** Tensors of a golden folder's {@code expected.safetensors}. */
public final class GoldenTensors implements AutoCloseable {

  private final SafetensorsFile file;

  private GoldenTensors(SafetensorsFile file) {
    this.file = file;
  }

  /** Opens the file of a folder. */
  public static GoldenTensors in(Path folder) {
    return new GoldenTensors(SafetensorsFile.open(folder.resolve("expected.safetensors")));
  }

  /** Returns whether a tensor is there. */
  public boolean has(String name) {
    return file.entries().containsKey(name);
  }

  /** Returns a tensor's shape. */
  public List<Long> shape(String name) {
    return file.entry(name).shape();
  }

  /** Returns a tensor of 8-bit values. */
  public byte[] bytes(String name) {
    byte[] bytes = new byte[Math.toIntExact(file.entry(name).length())];
    file.bytes(name, 0, bytes.length).get(bytes);
    return bytes;
  }

  /** Returns a tensor of whole numbers of 64 bits. */
  public long[] longs(String name) {
    TensorEntry entry = file.entry(name);
    long[] values = new long[Math.toIntExact(entry.elements())];
    buffer(name).asLongBuffer().get(values);
    return values;
  }

  /** Returns a tensor of 32-bit floats. */
  public float[] floats(String name) {
    TensorEntry entry = file.entry(name);
    float[] values = new float[Math.toIntExact(entry.elements())];
    buffer(name).asFloatBuffer().get(values);
    return values;
  }

  /** Returns the SHA-256 of bytes in hexadecimal digits. */
  public static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private ByteBuffer buffer(String name) {
    return file.bytes(name, 0, Math.toIntExact(file.entry(name).length()));
  }

  @Override
  public void close() {
    file.close();
  }
}
