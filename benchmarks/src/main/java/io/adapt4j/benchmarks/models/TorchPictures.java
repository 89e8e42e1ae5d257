package io.adapt4j.benchmarks.models;

import io.adapt4j.benchmarks.harness.Peer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;

/**
 * A model of {@link PictureShape} in a process of Python with PyTorch, which runs the operations of
 * Transformers.
 */
public final class TorchPictures implements AutoCloseable {

  private static final String SCRIPT = "picture-model.py";

  private final Process process;
  private final BufferedReader answers;
  private final Writer requests;
  private final String version;

  /**
   * Starts the process.
   *
   * @param folder of the model
   * @param pixels of all tiles
   * @param ids of the prompt, -1 for a row of a picture
   */
  public TorchPictures(
      String python, Path folder, String type, int threads, float[] pixels, int[] ids) {
    try (InputStream source =
        Objects.requireNonNull(TorchPictures.class.getResourceAsStream(SCRIPT), SCRIPT)) {
      Path script = folder.resolve(SCRIPT);
      Files.copy(source, script);
      byte[] values = new byte[pixels.length * Float.BYTES];
      little(values).asFloatBuffer().put(pixels);
      Files.write(folder.resolve("pixels.bin"), values);
      byte[] tokens = new byte[ids.length * Integer.BYTES];
      little(tokens).asIntBuffer().put(ids);
      Files.write(folder.resolve("ids.bin"), tokens);
      process =
          new ProcessBuilder(
                  python, script.toString(), folder.toString(), type, String.valueOf(threads))
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      answers = process.inputReader();
      requests = process.outputWriter();
      String ready = answers.readLine();
      if (ready == null || !ready.startsWith("ready ")) {
        throw new IllegalStateException(python + " did not start: " + ready);
      }
      version = ready.substring("ready ".length());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static ByteBuffer little(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  public Peer peer() {
    return Peer.named("PyTorch", version, "the operations of Transformers");
  }

  /** Obeys a request and returns the number of its answer. */
  public double number(String request) {
    return Double.parseDouble(answer(request));
  }

  /** Returns the tokens of the last answer. */
  public int[] ids() {
    return Arrays.stream(answer("ids").split(" ")).mapToInt(Integer::parseInt).toArray();
  }

  private String answer(String request) {
    try {
      requests.write(request + "\n");
      requests.flush();
      return Objects.requireNonNull(answers.readLine(), request);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    process.destroy();
  }
}
