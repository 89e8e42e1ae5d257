package io.adapt4j.serve.internal.download;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/**
 * Downloads from URLs that clients name: from addresses of the public internet only. A name is
 * resolved once for each redirect, and the address that was checked is the one connected to. No
 * proxies are used. Thread-safe.
 */
public final class PublicDownload {

  private static final int MOST_REDIRECTS = 3;
  private static final int MOST_HEADER = 1 << 15;
  private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);

  private final Resolver resolver;
  private final Predicate<InetAddress> isPublic;

  /** Finds the addresses of a host. */
  public interface Resolver {
    InetAddress[] resolve(String host) throws UnknownHostException;
  }

  public PublicDownload() {
    this(InetAddress::getAllByName, PublicAddresses::isPublic);
  }

  /** Creates one with its own view of names and addresses, such as for tests. */
  public PublicDownload(Resolver resolver, Predicate<InetAddress> isPublic) {
    this.resolver = resolver;
    this.isPublic = isPublic;
  }

  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Answer(int status, Map<String, String> headers, byte[] body) {}

  /** Returns the body of an {@code http} or {@code https} URL. */
  public byte[] get(String url, int mostBytes, Duration most) throws IOException {
    long end = System.nanoTime() + most.toNanos();
    URI at = uri(url);
    for (int redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
      Answer answer = ask(at, mostBytes, end);
      if (!REDIRECTS.contains(answer.status())) {
        if (answer.status() != 200) {
          throw new IOException(
              "expected the status 200 of " + at.getHost() + ", found " + answer.status());
        }
        return answer.body();
      }
      at = redirected(at, Objects.requireNonNullElse(answer.headers().get("location"), ""));
    }
    throw new IOException("expected at most " + MOST_REDIRECTS + " redirects, found more");
  }

  private static URI uri(String url) throws IOException {
    try {
      return required(new URI(url));
    } catch (URISyntaxException e) {
      throw new IOException("expected a URL, found a text that is none", e);
    }
  }

  private static URI redirected(URI from, String location) throws IOException {
    try {
      URI to = required(from.resolve(new URI(location)));
      if (isSecure(from) && !isSecure(to)) {
        throw new IOException("expected a redirect to https, found one to http");
      }
      return to;
    } catch (URISyntaxException e) {
      throw new IOException("expected a redirect to a URL, found one to a text that is none", e);
    }
  }

  private static URI required(URI url) throws IOException {
    String scheme = String.valueOf(url.getScheme()).toLowerCase(Locale.ROOT);
    if (!scheme.equals("http") && !scheme.equals("https")) {
      throw new IOException("expected a URL with http or https, found '" + scheme + "'");
    }
    if (url.getHost() == null || url.getRawUserInfo() != null || url.getPort() > 65_535) {
      throw new IOException("expected a URL with a host, and without a user");
    }
    return url;
  }

  private static boolean isSecure(URI url) {
    return url.getScheme().equalsIgnoreCase("https");
  }

  private Answer ask(URI url, int mostBytes, long end) throws IOException {
    InetAddress[] addresses = addresses(url);
    try (Socket socket = new Socket()) {
      // Ends reads of any kind, also in a handshake, in which each byte may come late.
      Executor late = CompletableFuture.delayedExecutor(left(end), TimeUnit.NANOSECONDS);
      late.execute(() -> closeQuietly(socket));
      int port = url.getPort() >= 0 ? url.getPort() : isSecure(url) ? 443 : 80;
      socket.connect(
          new InetSocketAddress(addresses[0], port), Math.toIntExact(1 + left(end) / 1_000_000));
      Socket spoken = isSecure(url) ? secure(socket, url, port) : socket;
      spoken.getOutputStream().write(request(url).getBytes(StandardCharsets.US_ASCII));
      spoken.getOutputStream().flush();
      return answer(new BufferedInputStream(spoken.getInputStream()), mostBytes);
    } catch (IOException e) {
      left(end);
      throw e;
    }
  }

  private static long left(long end) throws IOException {
    long left = end - System.nanoTime();
    if (left <= 0) {
      throw new IOException("the download took too long");
    }
    return left;
  }

  private static void closeQuietly(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      // It is of no use any more.
    }
  }

  private InetAddress[] addresses(URI url) throws IOException {
    String host = url.getHost();
    boolean bracketed = host.startsWith("[");
    InetAddress[] addresses;
    try {
      addresses = resolver.resolve(bracketed ? host.substring(1, host.length() - 1) : host);
    } catch (UnknownHostException e) {
      throw new IOException("there is no host " + host, e);
    }
    for (InetAddress address : addresses) {
      if (!isPublic.test(address)) {
        throw new IOException(host + " is not at an address of the public internet");
      }
    }
    return addresses;
  }

  private static SSLSocket secure(Socket socket, URI url, int port) throws IOException {
    SSLSocketFactory factory = (SSLSocketFactory) SSLSocketFactory.getDefault();
    SSLSocket secure = (SSLSocket) factory.createSocket(socket, url.getHost(), port, true);
    SSLParameters parameters = secure.getSSLParameters();
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    secure.setSSLParameters(parameters);
    secure.startHandshake();
    return secure;
  }

  private static String request(URI url) {
    String path = Objects.requireNonNullElse(url.getRawPath(), "");
    String query = url.getRawQuery() == null ? "" : "?" + url.getRawQuery();
    String port = url.getPort() >= 0 ? ":" + url.getPort() : "";
    String target = URI.create((path.isEmpty() ? "/" : path) + query).toASCIIString();
    return String.join(
        "\r\n",
        "GET " + target + " HTTP/1.1",
        "Host: " + url.getHost() + port,
        "User-Agent: Adapt4J",
        "Accept: image/*",
        "Accept-Encoding: identity",
        "Connection: close",
        "",
        "");
  }

  private static Answer answer(InputStream in, int mostBytes) throws IOException {
    int[] left = {MOST_HEADER};
    String[] status = line(in, left).split(" ", 3);
    if (status.length < 2 || !status[0].startsWith("HTTP/1.") || !status[1].matches("\\d{3}")) {
      throw new IOException("expected an answer in HTTP, found another");
    }
    Map<String, String> headers = new HashMap<>();
    String field = line(in, left);
    while (!field.isEmpty()) {
      int colon = Math.max(0, field.indexOf(':'));
      headers.put(
          field.substring(0, colon).strip().toLowerCase(Locale.ROOT),
          field.substring(Math.min(field.length(), colon + 1)).strip());
      field = line(in, left);
    }
    int code = Integer.parseInt(status[1]);
    byte[] body = code == 200 ? body(in, headers, mostBytes) : new byte[0];
    return new Answer(code, headers, body);
  }

  private static byte[] body(InputStream in, Map<String, String> headers, int mostBytes)
      throws IOException {
    if (!headers.getOrDefault("content-encoding", "identity").equalsIgnoreCase("identity")) {
      throw new IOException("expected bytes as they are, found a Content-Encoding");
    }
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    if (headers.getOrDefault("transfer-encoding", "").equalsIgnoreCase("chunked")) {
      int size = chunk(in);
      while (size > 0) {
        copy(in, size, body, mostBytes);
        line(in, new int[] {2});
        size = chunk(in);
      }
      return body.toByteArray();
    }
    String length = headers.get("content-length");
    if (length == null) {
      body.write(in.readNBytes(mostBytes));
      requireRoom(in.read() < 0, mostBytes);
      return body.toByteArray();
    }
    copy(in, number(length, 10), body, mostBytes);
    return body.toByteArray();
  }

  private static int chunk(InputStream in) throws IOException {
    return number(line(in, new int[] {MOST_HEADER}).split(";", 2)[0].strip(), 16);
  }

  private static int number(String text, int radix) throws IOException {
    try {
      long number = Long.parseLong(text, radix);
      return (int) Math.max(0, Math.min(number, Integer.MAX_VALUE));
    } catch (NumberFormatException e) {
      throw new IOException("expected the length of an answer, found a text that is none", e);
    }
  }

  private static void copy(InputStream in, int count, ByteArrayOutputStream to, int mostBytes)
      throws IOException {
    requireRoom(count <= mostBytes - to.size(), mostBytes);
    byte[] bytes = in.readNBytes(count);
    if (bytes.length < count) {
      throw new IOException("the answer ends early");
    }
    to.write(bytes);
  }

  private static void requireRoom(boolean hasRoom, int mostBytes) throws IOException {
    if (!hasRoom) {
      throw new IOException("expected at most " + mostBytes + " bytes, found more");
    }
  }

  /** Reads a line of a header, whose bytes are counted down. */
  private static String line(InputStream in, int[] left) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    int next = in.read();
    while (next != '\n') {
      if (next < 0) {
        throw new IOException("the answer ends early");
      }
      if (--left[0] < 0) {
        throw new IOException("expected a shorter header");
      }
      line.write(next);
      next = in.read();
    }
    return line.toString(StandardCharsets.ISO_8859_1).stripTrailing();
  }
}
