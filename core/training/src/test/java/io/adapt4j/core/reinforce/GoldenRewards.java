package io.adapt4j.core.reinforce;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

/** Numbers that TRL 0.23 gives for advantages, losses and returns. */
public final class GoldenRewards implements AutoCloseable {

  private final Checkpoint tensors;
  private final JsonNode json;

  private GoldenRewards(Checkpoint tensors, JsonNode json) {
    this.tensors = tensors;
    this.json = json;
  }

  public static GoldenRewards open(String part) throws IOException {
    Path folder = folder();
    JsonNode all = Json.parse(Files.readString(folder.resolve("expected.json")));
    return new GoldenRewards(
        Checkpoint.openFile(folder.resolve(part + ".safetensors")), all.path(part));
  }

  public static Path folder() {
    try {
      return Path.of(
          Objects.requireNonNull(GoldenRewards.class.getResource("/golden/preference")).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  public JsonNode json() {
    return json;
  }

  public float[] floats(String name) {
    FloatBuffer buffer = tensors.bytes(name).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
    float[] values = new float[buffer.remaining()];
    buffer.get(values);
    return values;
  }

  public double[] doubles(String name) {
    float[] floats = floats(name);
    double[] values = new double[floats.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = floats[i];
    }
    return values;
  }

  public long[] longs(String name) {
    LongBuffer buffer = tensors.bytes(name).order(ByteOrder.LITTLE_ENDIAN).asLongBuffer();
    long[] values = new long[buffer.remaining()];
    buffer.get(values);
    return values;
  }

  /** Where a mask of bytes is set. */
  public boolean[] mask(String name) {
    byte[] bytes = new byte[tensors.bytes(name).remaining()];
    tensors.bytes(name).get(bytes);
    boolean[] values = new boolean[bytes.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = bytes[i] != 0;
    }
    return values;
  }

  @Override
  public void close() {
    tensors.close();
  }
}
