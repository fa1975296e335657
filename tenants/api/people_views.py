"""The API of a tenant's members and teams, and of what is granted to them and to other tenants."""

from dataclasses import asdict
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api import people_serializers as serializers
from tenants.api.base import ControlView
from tenants.api.strict import parse_body
from tenants.operations import Action
from tenants.services import members, sharing, teams


class MembersView(ControlView):
    """The tenant's members, which they may see; its admins let another in."""

    actions = {"GET": Action.LIST_MEMBERS, "POST": Action.ADD_MEMBER}
    serializer_class = serializers.MemberRequest

    @extend_schema(responses=serializers.MembersAnswer)
    def get(self, request: Request) -> Response:
        return Response({"results": serializers.MemberAnswer(members.list_members(self.caller), many=True).data})

    @extend_schema(request=serializers.MemberRequest, responses={201: serializers.AddedMemberAnswer})
    def post(self, request: Request) -> Response:
        given = parse_body(serializers.MemberRequest, request)
        member, is_new = members.add_member(self.caller, **given)
        answer = serializers.AddedMemberAnswer({**asdict(member), "new_account": is_new})
        return Response(answer.data, status=status.HTTP_201_CREATED)


class MemberView(ControlView):
    """One member: another role, or farewell. For the tenant's admins, of whom one must stay."""

    actions = {"PATCH": Action.UPDATE_MEMBER, "DELETE": Action.REMOVE_MEMBER}
    serializer_class = serializers.MemberChange

    @extend_schema(request=serializers.MemberChange, responses=serializers.MemberAnswer)
    def patch(self, request: Request, username: str) -> Response:
        given = parse_body(serializers.MemberChange, request)
        return Response(serializers.MemberAnswer(members.update_member(self.caller, username, **given)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, username: str) -> Response:
        members.remove_member(self.caller, username)
        return Response(status=status.HTTP_204_NO_CONTENT)


class TeamsView(ControlView):
    """The tenant's teams, which its members may see; its admins make another."""

    actions = {"GET": Action.LIST_TEAMS, "POST": Action.CREATE_TEAM}
    serializer_class = serializers.TeamRequest

    @extend_schema(responses=serializers.TeamsAnswer)
    def get(self, request: Request) -> Response:
        return Response({"results": serializers.TeamAnswer(teams.list_teams(self.caller), many=True).data})

    @extend_schema(request=serializers.TeamRequest, responses={201: serializers.TeamAnswer})
    def post(self, request: Request) -> Response:
        given = parse_body(serializers.TeamRequest, request)
        made = teams.create_team(self.caller, **given)
        return Response(serializers.TeamAnswer(made).data, status=status.HTTP_201_CREATED)


class TeamView(ControlView):
    """One team. A team that owns spaces is dissolved once it is said where they go."""

    actions = {"GET": Action.READ_TEAM, "PATCH": Action.UPDATE_TEAM, "DELETE": Action.DELETE_TEAM}
    serializer_class = serializers.TeamChange
    query_serializers = {"DELETE": serializers.TeamRemoval}

    @extend_schema(responses=serializers.TeamAnswer)
    def get(self, request: Request, team: str) -> Response:
        return Response(serializers.TeamAnswer(teams.read_team(self.caller, team)).data)

    @extend_schema(request=serializers.TeamChange, responses=serializers.TeamAnswer)
    def patch(self, request: Request, team: str) -> Response:
        given = parse_body(serializers.TeamChange, request)
        return Response(serializers.TeamAnswer(teams.update_team(self.caller, team, **given)).data)

    @extend_schema(parameters=[serializers.TeamRemoval], responses={204: None})
    def delete(self, request: Request, team: str) -> Response:
        teams.delete_team(self.caller, team, **self.parameters)
        return Response(status=status.HTTP_204_NO_CONTENT)


class TeamMemberView(ControlView):
    """A member's place in a team."""

    actions = {"PUT": Action.ADD_TEAM_MEMBER, "DELETE": Action.REMOVE_TEAM_MEMBER}
    serializer_class = serializers.TeamAnswer

    @extend_schema(request=None, responses=serializers.TeamAnswer)
    def put(self, request: Request, team: str, username: str) -> Response:
        parse_body(serializers.TeamMemberRequest, request)
        return Response(serializers.TeamAnswer(teams.add_team_member(self.caller, team, username)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, team: str, username: str) -> Response:
        teams.remove_team_member(self.caller, team, username)
        return Response(status=status.HTTP_204_NO_CONTENT)


class GrantsView(ControlView):
    """Whom a space is shared with; share it. For who manages it, in its own tenant."""

    actions = {"GET": Action.LIST_GRANTS, "POST": Action.SHARE_SPACE}
    serializer_class = serializers.GrantRequest

    @extend_schema(responses=serializers.GrantsAnswer)
    def get(self, request: Request, space: str) -> Response:
        return Response({"results": serializers.GrantAnswer(sharing.list_grants(self.caller, space), many=True).data})

    @extend_schema(
        request=serializers.GrantRequest, responses={200: serializers.GrantAnswer, 201: serializers.GrantAnswer}
    )
    def post(self, request: Request, space: str) -> Response:
        given = parse_body(serializers.GrantRequest, request)
        grant, created = sharing.grant_space(self.caller, space, **given)
        code = status.HTTP_201_CREATED if created else status.HTTP_200_OK
        return Response(serializers.GrantAnswer(grant).data, status=code)


class GrantView(ControlView):
    """One grant, which can be taken back; that counts from the grantee's next request."""

    actions = {"DELETE": Action.WITHDRAW_SPACE}
    serializer_class = serializers.GrantAnswer

    @extend_schema(responses={204: None})
    def delete(self, request: Request, space: str, grant_id: UUID) -> Response:
        sharing.withdraw_grant(self.caller, space, grant_id)
        return Response(status=status.HTTP_204_NO_CONTENT)
