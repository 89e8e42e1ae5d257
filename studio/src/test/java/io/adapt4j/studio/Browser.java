package io.adapt4j.studio;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.net.CookieManager;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.function.Predicate;
import javax.imageio.ImageIO;

/** A browser that has opened the link of a studio: keeps the cookie, follows redirections. */
final class Browser {

  private final HttpClient client =
      HttpClient.newBuilder()
          .cookieHandler(new CookieManager())
          .followRedirects(HttpClient.Redirect.NORMAL)
          .build();

  private final URI base;
  private final String language;

  private Browser(URI base, String language) {
    this.base = base;
    this.language = language;
  }

  static Browser of(Studio studio) throws IOException, InterruptedException {
    return of(studio, "en-US");
  }

  static Browser of(Studio studio, String language) throws IOException, InterruptedException {
    Browser browser = new Browser(studio.address(), language);
    browser.send(HttpRequest.newBuilder(studio.link()));
    return browser;
  }

  HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
    return client.send(
        request.header("Accept-Language", language).build(),
        BodyHandlers.ofString(StandardCharsets.UTF_8));
  }

  HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return send(request(path));
  }

  HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(base.resolve(path));
  }

  BufferedImage image(String path) throws IOException, InterruptedException {
    return ImageIO.read(client.send(request(path).build(), BodyHandlers.ofInputStream()).body());
  }

  /** Gets a page again and again until it is as expected, at most 30 seconds. */
  String wait(String path, Predicate<String> expected) throws IOException, InterruptedException {
    long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    String page = get(path).body();
    while (!expected.test(page)) {
      if (System.nanoTime() > end) {
        throw new AssertionError("not as expected: " + page);
      }
      Thread.sleep(50);
      page = get(path).body();
    }
    return page;
  }

  /** Sends a form, given as names and values in turn. */
  HttpResponse<String> post(String path, String... fields)
      throws IOException, InterruptedException {
    StringBuilder form = new StringBuilder();
    for (int i = 0; i < fields.length; i += 2) {
      form.append(i == 0 ? "" : "&").append(encoded(fields[i])).append('=');
      form.append(encoded(fields[i + 1]));
    }
    return send(form(path, form.toString()).header("Origin", origin()));
  }

  /** A form without an origin. */
  HttpRequest.Builder form(String path, String body) {
    return HttpRequest.newBuilder(base.resolve(path))
        .header("Content-Type", "application/x-www-form-urlencoded")
        .POST(BodyPublishers.ofString(body));
  }

  HttpResponse<String> upload(String name, byte[] content)
      throws IOException, InterruptedException {
    return send(
        HttpRequest.newBuilder(base.resolve("upload?name=" + encoded(name)))
            .header("Origin", origin())
            .POST(BodyPublishers.ofByteArray(content)));
  }

  String origin() {
    return "http://" + base.getAuthority();
  }

  static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }
}
