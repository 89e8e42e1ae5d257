package io.adapt4j.serve.internal.download;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Downloads by HTTPS: from the host that the certificate names, and without a way back to HTTP. */
@Timeout(60)
class SecureDownloadTest {

  private static final char[] PASSWORD = "secret".toCharArray();

  @TempDir private Path folder;
  private HttpServer server;
  private SSLContext before;
  private SSLContext trusting;

  @BeforeEach
  void start() throws Exception {
    before = SSLContext.getDefault();
    KeyStore keys = keys();
    KeyManagerFactory own = KeyManagerFactory.getInstance("PKIX");
    own.init(keys, PASSWORD);
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, PASSWORD);
    trusted.setCertificateEntry("pictures", keys.getCertificate("pictures"));
    TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(trusted);
    trusting = SSLContext.getInstance("TLS");
    trusting.init(own.getKeyManagers(), trust.getTrustManagers(), null);

    HttpsServer secure =
        HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    secure.setHttpsConfigurator(new HttpsConfigurator(trusting));
    server = secure;
    server.createContext(
        "/",
        exchange -> {
          String path = exchange.getRequestURI().getPath();
          if (!path.equals("/")) {
            String to = path.equals("/down") ? "http://pictures.example/" : "/";
            exchange.getResponseHeaders().set("Location", to);
          }
          exchange.sendResponseHeaders(path.equals("/") ? 200 : 302, 0);
          exchange.getResponseBody().write("whole".getBytes(StandardCharsets.US_ASCII));
          exchange.close();
        });
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
    SSLContext.setDefault(before);
  }

  /** Makes a key with a certificate for a host. */
  private KeyStore keys() throws Exception {
    Path file = folder.resolve("keys.p12");
    String keytool = Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
    Process made =
        new ProcessBuilder(
                keytool,
                "-genkeypair",
                "-alias",
                "pictures",
                "-keyalg",
                "EC",
                "-storepass",
                "secret",
                "-dname",
                "CN=test",
                "-ext",
                "san=dns:pictures.example",
                "-keystore",
                file.toString())
            .redirectErrorStream(true)
            .start();
    String said = new String(made.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(made.waitFor()).as(said).isZero();
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(file)) {
      keys.load(in, PASSWORD);
    }
    return keys;
  }

  private String get(String host, String path) throws IOException {
    PublicDownload download =
        new PublicDownload(
            name -> InetAddress.getAllByName("127.0.0.1"), InetAddress::isLoopbackAddress);
    String url = "https://" + host + ":" + server.getAddress().getPort() + path;
    byte[] body = download.get(url, 100, Duration.ofSeconds(20));
    return new String(body, StandardCharsets.US_ASCII);
  }

  @Test
  void onlyTheHostOfATrustedCertificateIsAsked() throws IOException {
    assertThatThrownBy(() -> get("pictures.example", "/")).isInstanceOf(SSLException.class);
    SSLContext.setDefault(trusting);
    assertThat(get("pictures.example", "/")).isEqualTo("whole");
    assertThat(get("pictures.example", "/moved")).isEqualTo("whole");
    assertThatThrownBy(() -> get("other.example", "/")).isInstanceOf(SSLException.class);
    assertThatThrownBy(() -> get("pictures.example", "/down"))
        .hasMessageContaining("expected a redirect to https");
  }
}
