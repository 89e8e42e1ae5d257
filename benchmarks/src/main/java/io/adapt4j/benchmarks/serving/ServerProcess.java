package io.adapt4j.benchmarks.serving;

import io.adapt4j.benchmarks.harness.Machine;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** A server in a separate process. */
final class ServerProcess implements AutoCloseable {

  private static final int TRIES = 600;

  private final Process process;
  private final URI address;

  private ServerProcess(Process process, URI address) {
    this.process = process;
    this.address = address;
  }

  /** Starts a server that prints its address after a word. */
  static ServerProcess start(ProcessBuilder command, String word) {
    try {
      Process process = command.redirectError(ProcessBuilder.Redirect.INHERIT).start();
      BufferedReader lines = process.inputReader();
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith(word)) {
          return new ServerProcess(process, URI.create(line.substring(word.length())));
        }
      }
      throw new IllegalStateException("the server has ended: " + command.command());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Starts a server at an address, and waits until its {@code /health} says that it is ready. */
  static ServerProcess start(ProcessBuilder command, URI address) {
    try {
      Process process =
          command
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      ServerProcess server = new ServerProcess(process, address);
      for (int i = 0; i < TRIES && process.isAlive(); i++) {
        if (server.isReady()) {
          return server;
        }
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
      }
      process.destroyForcibly();
      throw new IllegalStateException("the server was never ready: " + command.command());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private boolean isReady() {
    HttpRequest health = HttpRequest.newBuilder(address.resolve("/health")).build();
    try {
      return HttpClient.newHttpClient()
              .send(health, HttpResponse.BodyHandlers.discarding())
              .statusCode()
          == 200;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  static int freePort() {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  URI address() {
    return address;
  }

  /** Peak RSS in bytes. */
  double peakResident() {
    return Machine.number(Path.of("/proc", String.valueOf(process.pid()), "status"), "VmHWM");
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(20, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      process.destroyForcibly();
    }
  }
}
