//! The token endpoint: client authentication and failures.

use super::*;

#[tokio::test]
async fn the_client_proves_itself_as_configured_or_as_the_provider_offers() {
    let op = Op::start().await;
    let last = |op: &Op| op.token_requests().pop().unwrap();
    assert!(login(&op, &op.relying_party(|_| {})).await.is_ok());
    assert!(last(&op).authorization.is_some(), "basic is preferred");
    assert!(!last(&op).form.contains_key("client_secret"));
    assert!(login(&op, &op.relying_party(|conf| conf.client.auth = Some(ClientAuth::SecretPost))).await.is_ok());
    assert_eq!(last(&op).form["client_secret"], CLIENT_SECRET);
    assert_eq!(last(&op).authorization, None);
    op.edit_metadata(|document| document["token_endpoint_auth_methods_supported"] = json!(["client_secret_post"]));
    assert!(login(&op, &op.relying_party(|_| {})).await.is_ok());
    assert_eq!(last(&op).authorization, None);
    op.edit_metadata(|document| {
        document.as_object_mut().unwrap().remove("token_endpoint_auth_methods_supported");
    });
    assert!(login(&op, &op.relying_party(|_| {})).await.is_ok());
    assert!(last(&op).authorization.is_some());
    op.change(|b| b.public_client = true);
    assert!(login(&op, &op.relying_party(|conf| conf.client.secret = None)).await.is_ok());
    assert_eq!((last(&op).authorization, last(&op).form.get("client_secret")), (None, None));
    assert_eq!(last(&op).form["client_id"], CLIENT_ID);
}

#[tokio::test]
async fn a_client_that_does_not_fit_is_a_configuration_error() {
    let op = Op::start().await;
    let wrong = op.relying_party(|conf| conf.client.secret = Some("wrong-secret".into()));
    let error = login(&op, &wrong).await.unwrap_err();
    assert_eq!((error.code(), error.class()), ("client_refused", ErrorClass::Misconfigured));
    assert!(!error.to_string().contains("wrong-secret"));
    let none = op.relying_party(|conf| {
        conf.client.secret = None;
        conf.client.auth = Some(ClientAuth::SecretBasic);
    });
    assert_eq!(login(&op, &none).await.unwrap_err().code(), "client_secret_missing");
    op.edit_metadata(|document| document["token_endpoint_auth_methods_supported"] = json!(["private_key_jwt"]));
    let error = login(&op, &op.relying_party(|_| {})).await.unwrap_err();
    assert_eq!((error.code(), error.class()), ("client_auth_unsupported", ErrorClass::Misconfigured));
}

#[tokio::test]
async fn a_broken_token_endpoint_is_the_providers_problem() {
    for (fault, wanted) in [
        (Fault::Html, "provider_answer"),
        (Fault::Truncated, "provider_answer"),
        (Fault::Huge, "provider_unreachable"),
        (Fault::Slow(Duration::from_secs(3)), "provider_unreachable"),
        (Fault::Status(503), "provider_status"),
        (Fault::Status(429), "provider_status"),
        (Fault::Redirect("/jwks".into()), "provider_status"),
    ] {
        let op = Op::start().await;
        op.break_door(Door::Token, fault.clone());
        let error = login(&op, &op.relying_party(|conf| conf.provider.timeout_ms = 700)).await.unwrap_err();
        assert_eq!((error.code(), error.class()), (wanted, ErrorClass::ProviderUnreachable), "{fault:?}");
    }
}

#[tokio::test]
async fn endpoints_may_be_configured_and_must_exist() {
    let op = Op::start().await;
    let real = op.url("token");
    op.edit_metadata(|document| document["token_endpoint"] = Value::Null);
    let error = login(&op, &op.relying_party(|_| {})).await.unwrap_err();
    assert_eq!((error.code(), error.class()), ("endpoint_missing", ErrorClass::Misconfigured));
    assert!(login(&op, &op.relying_party(|conf| conf.provider.endpoints.token = Some(real))).await.is_ok());
}

#[tokio::test]
async fn descriptions_that_repeat_a_secret_are_not_kept() {
    let op = Op::start().await;
    let rp = op.relying_party(|_| {});
    let (_, pending) = rp.start_login(0, None).await.unwrap();
    let sent_back = format!("state={}&code=request", pending.state);
    let error = rp.finish_login(&pending, answer(&sent_back)).await.unwrap_err();
    assert_eq!(error.to_string(), "the token endpoint refused the code: invalid_grant");
}
