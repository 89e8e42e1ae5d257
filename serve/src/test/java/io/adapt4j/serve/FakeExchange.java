package io.adapt4j.serve;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpContext;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpPrincipal;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;

/** An exchange without a connection, which keeps what is answered. */
public final class FakeExchange extends HttpExchange {

  private final String method;
  private final URI uri;
  private final InputStream body;
  private final Headers request = new Headers();
  private final Headers response = new Headers();
  private final ByteArrayOutputStream answer = new ByteArrayOutputStream();
  private int status = -1;

  private FakeExchange(String method, String uri, InputStream body) {
    this.method = method;
    this.uri = URI.create(uri);
    this.body = body;
  }

  public static FakeExchange get(String uri) {
    return new FakeExchange("GET", uri, InputStream.nullInputStream());
  }

  public static FakeExchange post(String uri, String json) {
    return post(uri, new ByteArrayInputStream(json.getBytes(StandardCharsets.UTF_8)))
        .with("Content-Type", "application/json");
  }

  public static FakeExchange post(String uri, InputStream body) {
    return new FakeExchange("POST", uri, body);
  }

  public FakeExchange with(String header, String value) {
    request.add(header, value);
    return this;
  }

  /** What was answered so far. */
  public String answer() {
    return answer.toString(StandardCharsets.UTF_8);
  }

  @Override
  public Headers getRequestHeaders() {
    return request;
  }

  @Override
  public Headers getResponseHeaders() {
    return response;
  }

  @Override
  public URI getRequestURI() {
    return uri;
  }

  @Override
  public String getRequestMethod() {
    return method;
  }

  @Override
  public HttpContext getHttpContext() {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {}

  @Override
  public InputStream getRequestBody() {
    return body;
  }

  @Override
  public OutputStream getResponseBody() {
    return answer;
  }

  @Override
  public void sendResponseHeaders(int code, long length) {
    status = code;
  }

  @Override
  public InetSocketAddress getRemoteAddress() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);
  }

  @Override
  public int getResponseCode() {
    return status;
  }

  @Override
  public InetSocketAddress getLocalAddress() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 2);
  }

  @Override
  public String getProtocol() {
    return "HTTP/1.1";
  }

  @Override
  public Object getAttribute(String name) {
    return "";
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
