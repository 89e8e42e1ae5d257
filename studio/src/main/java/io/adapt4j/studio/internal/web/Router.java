package io.adapt4j.studio.internal.web;

import io.adapt4j.core.exception.Adapt4jException;
import io.adapt4j.studio.internal.Refusal;
import io.adapt4j.studio.internal.page.Look;
import io.adapt4j.studio.internal.page.Looks;
import io.adapt4j.studio.internal.page.Pages;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers every request: access, screens, errors. Knows no server, so that any can call it. */
public final class Router {

  private static final Logger LOG = LoggerFactory.getLogger(Router.class);

  private static final Map<String, String> SECURITY =
      Map.of(
          "Content-Security-Policy",
          "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
              + " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
          "X-Content-Type-Options",
          "nosniff",
          "X-Frame-Options",
          "DENY",
          "Referrer-Policy",
          // With no-referrer, browsers send the origin of forms as null.
          "same-origin",
          "Cross-Origin-Opener-Policy",
          "same-origin",
          "Cross-Origin-Resource-Policy",
          "same-origin");

  private final Access access;
  private final Looks looks;
  private final Pages pages;
  private final Map<String, Screen> screens;
  private final StaticFiles files = new StaticFiles();

  /** Creates a router for screens by the first segment of their path; the empty one is home. */
  public Router(Access access, Looks looks, Pages pages, Map<String, ? extends Screen> screens) {
    this.access = access;
    this.looks = looks;
    this.pages = pages;
    this.screens = Map.copyOf(screens);
  }

  public Response answer(Request request) {
    try {
      return secured(checked(request));
    } catch (Refusal refusal) {
      return refuse(request, refusal);
    } catch (Adapt4jException e) {
      // It says what is wrong with which file.
      LOG.warn("A request to /{} failed.", String.join("/", request.path()), e);
      return refuse(422, look(request), String.valueOf(e.getMessage()));
    } catch (IOException | RuntimeException | StackOverflowError e) {
      LOG.error("A request to /{} failed.", String.join("/", request.path()), e);
      return refuse(request, new Refusal(500, "refused_internal"));
    }
  }

  private static Response secured(Response response) {
    Map<String, String> headers = new LinkedHashMap<>(SECURITY);
    headers.put("Cache-Control", "no-store");
    headers.putAll(response.headers());
    return response.with(headers);
  }

  private Response checked(Request request) throws IOException {
    access.requireLocalName(request);
    if (request.segment(0).equals("static")) {
      return files.file(request);
    }
    if (access.isLink(request)) {
      return access.admit(Response.see(looks.base()));
    }
    access.requireSession(request);
    access.requireOwnOrigin(request);
    if (!request.isSafe() && !request.isPost()) {
      throw new Refusal(405, "refused_method");
    }
    Screen screen = screens.get(request.segment(0));
    if (screen == null) {
      throw Refusal.notFound();
    }
    return screen.answer(request, look(request));
  }

  private Look look(Request request) {
    return looks.of(request.header("Accept-Language"), request.path(), request.query()::text);
  }

  /** Answers a request with the reason why it is refused. */
  Response refuse(Request request, Refusal refusal) {
    Look look = look(request);
    return refuse(refusal.status(), look, look.message(refusal.key()));
  }

  private Response refuse(int status, Look look, String message) {
    Map<String, Object> model = new LinkedHashMap<>();
    model.put("status", status);
    model.put("message", message);
    model.put("known", status != 401 && status != 403);
    return secured(Response.html(status, pages.page(look, "error", "", model)));
  }
}
