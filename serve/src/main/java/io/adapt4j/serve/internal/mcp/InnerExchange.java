package io.adapt4j.serve.internal.mcp;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpContext;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpPrincipal;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A request that the server sends to itself for a client, and whose answer it keeps. Cancelling it
 * is as if the client had disconnected.
 */
final class InnerExchange extends HttpExchange {

  private static final InetSocketAddress NOWHERE =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);

  private final String path;
  private final @Nullable HttpExchange outer;
  private final Heartbeat heartbeat;
  private final Headers response = new Headers();
  private final ByteArrayOutputStream answer = new ByteArrayOutputStream();
  private volatile boolean cancelled;
  private int status = -1;

  /** Tells the client that an answer is still computed. */
  interface Heartbeat {
    void send() throws IOException;
  }

  /** Creates a request; one of a client over HTTP has its headers and addresses. */
  InnerExchange(String path, @Nullable HttpExchange outer, Heartbeat heartbeat) {
    this.path = path;
    this.outer = outer;
    this.heartbeat = heartbeat;
  }

  void cancel() {
    cancelled = true;
  }

  /** Returns the answer so far. */
  String answer() {
    return answer.toString(StandardCharsets.UTF_8);
  }

  private final class Body extends OutputStream {

    @Override
    public void write(int single) throws IOException {
      write(new byte[] {(byte) single}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      if (cancelled) {
        throw new IOException("the request was cancelled");
      }
      answer.write(bytes, offset, length);
    }

    @Override
    public void flush() throws IOException {
      heartbeat.send();
    }
  }

  @Override
  public Headers getRequestHeaders() {
    return outer == null ? new Headers() : outer.getRequestHeaders();
  }

  @Override
  public Headers getResponseHeaders() {
    return response;
  }

  @Override
  public URI getRequestURI() {
    return URI.create(path);
  }

  @Override
  public String getRequestMethod() {
    return "POST";
  }

  @Override
  public HttpContext getHttpContext() {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {}

  @Override
  public InputStream getRequestBody() {
    return InputStream.nullInputStream();
  }

  @Override
  public OutputStream getResponseBody() {
    return new Body();
  }

  @Override
  public void sendResponseHeaders(int code, long length) {
    status = code;
  }

  @Override
  public InetSocketAddress getRemoteAddress() {
    return outer == null ? NOWHERE : outer.getRemoteAddress();
  }

  @Override
  public int getResponseCode() {
    return status;
  }

  @Override
  public InetSocketAddress getLocalAddress() {
    return outer == null ? NOWHERE : outer.getLocalAddress();
  }

  @Override
  public String getProtocol() {
    return "HTTP/1.1";
  }

  @Override
  public @Nullable Object getAttribute(String name) {
    return null;
  }

  @Override
  public void setAttribute(String name, Object value) {}

  @Override
  public void setStreams(InputStream in, OutputStream out) {}

  @Override
  public HttpPrincipal getPrincipal() {
    throw new UnsupportedOperationException();
  }
}
