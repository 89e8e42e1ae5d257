package io.adapt4j.benchmarks.serving;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** A connection to a server for one request, which can be dropped at any moment. */
public final class RawClient implements AutoCloseable {

  private static final int CONNECT_MILLIS = 10_000;

  private final Socket socket = new Socket();
  private final InputStream in;

  public RawClient(URI address, int timeoutMillis) throws IOException {
    socket.connect(
        new InetSocketAddress(InetAddress.getByName(address.getHost()), address.getPort()),
        CONNECT_MILLIS);
    socket.setSoTimeout(timeoutMillis);
    in = socket.getInputStream();
  }

  /** Sends the beginning of a request, or all of it. */
  public void post(String path, String json, double share) throws IOException {
    byte[] body = json.getBytes(StandardCharsets.UTF_8);
    String head =
        "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
            .formatted(path, body.length);
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.writeBytes(head.getBytes(StandardCharsets.US_ASCII));
    all.writeBytes(body);
    int sent = (int) Math.round(all.size() * share);
    socket.getOutputStream().write(all.toByteArray(), 0, sent);
    socket.getOutputStream().flush();
  }

  public int status() throws IOException {
    String[] words = line().split(" ", 3);
    boolean chunked = false;
    for (String header = line(); !header.isEmpty(); header = line()) {
      chunked |= header.toLowerCase(Locale.ROOT).equals("transfer-encoding: chunked");
    }
    isChunked = chunked;
    return Integer.parseInt(words[1]);
  }

  private boolean isChunked;

  /** Returns the next raw part of the body; empty at its end. */
  public String part() throws IOException {
    if (!isChunked) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
    int size = Integer.parseInt(line(), 16);
    byte[] bytes = in.readNBytes(size);
    if (bytes.length < size) {
      throw new EOFException("the answer broke off");
    }
    line();
    return new String(bytes, StandardCharsets.UTF_8);
  }

  public String rest() throws IOException {
    StringBuilder text = new StringBuilder();
    String part = part();
    while (!part.isEmpty()) {
      text.append(part);
      part = isChunked ? part() : "";
    }
    return text.toString();
  }

  private String line() throws IOException {
    StringBuilder line = new StringBuilder();
    for (int read = in.read(); read != '\n'; read = in.read()) {
      if (read < 0) {
        throw new EOFException("the answer broke off");
      }
      line.append((char) read);
    }
    return line.toString().stripTrailing();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
