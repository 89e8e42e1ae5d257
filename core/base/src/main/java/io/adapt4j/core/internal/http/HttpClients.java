package io.adapt4j.core.internal.http;

import com.google.common.cache.Cache;
import com.google.common.cache.CacheBuilder;
import java.net.ProxySelector;
import java.net.http.HttpClient;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import javax.net.ssl.SSLContext;

/**
 * HTTP clients, shared by all users with the same settings. The JDK's client has a thread that ends
 * only after the client is garbage-collected: an application that creates a hub or a generator for
 * each request would have thousands of them.
 */
public final class HttpClients {

  /**
   * Clients by settings. An application has few settings; the least recently used clients are
   * dropped.
   */
  private static final Cache<Settings, HttpClient> CLIENTS =
      CacheBuilder.newBuilder().maximumSize(16).build();

  /**
   * Settings of a client, which takes the process's proxies and certificates when it is created.
   */
  private record Settings(
      Duration connectTimeout, Optional<ProxySelector> proxies, SSLContext certificates) {}

  private HttpClients() {}

  /**
   * Returns a client that follows no redirects and opens a connection for each request in flight.
   * It does not offer HTTP/2: there all requests to a server share one connection, the JDK fails
   * those beyond the server's limit of streams (JDK-8225647), and one cut connection ends them all.
   */
  public static HttpClient of(Duration connectTimeout) {
    Settings settings =
        new Settings(connectTimeout, Optional.ofNullable(ProxySelector.getDefault()), platform());
    try {
      return CLIENTS.get(settings, () -> create(settings));
    } catch (ExecutionException e) {
      throw new IllegalStateException("no HTTP client can be made", e.getCause());
    }
  }

  private static SSLContext platform() {
    try {
      return SSLContext.getDefault();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java cannot connect over TLS: " + e.getMessage(), e);
    }
  }

  private static HttpClient create(Settings settings) {
    return HttpClient.newBuilder()
        .version(HttpClient.Version.HTTP_1_1)
        .connectTimeout(settings.connectTimeout())
        .followRedirects(HttpClient.Redirect.NEVER)
        .build();
  }
}
